"""Tests of the conversions: python3 -m unittest discover local/models"""

import collections
import gzip
import io
import json
import pickle
import struct
import sys
import unittest

import convert


def read(data):
    """{name: (dtype, shape, bytes)} of a safetensors file."""
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    return {n: (t["dtype"], t["shape"], body[slice(*t["data_offsets"])]) for n, t in header.items()}


class Reference:
    """Pickles as a call of a class of another module, as tensors and storages do."""

    def __init__(self, name, arguments):
        self.name, self.arguments = name, arguments


class TorchWriter(pickle._Pickler):  # the C pickler cannot be told how to write names of absent modules
    def save(self, thing, save_persistent_id=True):
        if isinstance(thing, Reference):
            module, name = thing.name.rsplit(".", 1)
            self.write(b"c" + module.encode() + b"\n" + name.encode() + b"\n")
            if thing.arguments is not None:
                super().save(thing.arguments)
                self.write(b"R")
        else:
            super().save(thing, save_persistent_id)

    def persistent_id(self, thing):
        return thing.place if isinstance(thing, Storage) else None


class Storage:
    def __init__(self, key, kind):
        self.place = ("storage", Reference(f"torch.{kind}", None), key, "cpu", 0, None)


def torch_file(tensors, contents):
    """tensors: {name: (storage, offset, shape, stride)}; contents: {key: bytes}."""
    file = io.BytesIO()
    state = collections.OrderedDict()
    for name, parts in tensors.items():
        state[name] = Reference("torch._utils._rebuild_tensor_v2", (*parts, False, collections.OrderedDict()))
    for thing in (0x1950A86A20F9469CFC6C, 1001, {}, state, sorted(contents)):
        TorchWriter(file, 2).dump(thing)
    for key in sorted(contents):
        size = 8 if key == "long" else 4
        file.write(struct.pack("<q", len(contents[key]) // size) + contents[key])
    return file.getvalue()


class Torch(unittest.TestCase):
    def test_keeps_float_tensors(self):
        floats, longs = Storage("floats", "FloatStorage"), Storage("long", "LongStorage")
        tensors = {"a": (floats, 1, (2, 1), (1, 1)), "n": (longs, 0, (), ())}
        data = torch_file(tensors, {"floats": struct.pack("<3f", 1, 2, 3), "long": bytes(8)})
        self.assertEqual(read(convert.torch_to_safetensors(data)), {"a": ("F32", [2, 1], struct.pack("<2f", 2, 3))})

    def test_refuses_what_is_no_tensor(self):
        cases = {
            "os.system": pickle.dumps(0x1950A86A20F9469CFC6C, 2) + b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R.",
            "not an old PyTorch file": pickle.dumps(1, 2),
            "the pickle": b"PK\3\4",
        }
        for expected, data in cases.items():
            with self.assertRaisesRegex(convert.Malformed, expected):
                convert.torch_to_safetensors(data)

    def test_refuses_cut_and_strided_tensors(self):
        floats = Storage("floats", "FloatStorage")
        for parts, expected in (((floats, 0, (4,), (1,)), "cut short"), ((floats, 0, (2, 2), (1, 2)), "contiguous")):
            with self.assertRaisesRegex(convert.Malformed, expected):
                convert.torch_to_safetensors(torch_file({"a": parts}, {"floats": bytes(12)}))


def text(value):
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def whisper_file(variables, version=6):
    data = struct.pack("<I", version) + text("WhisperSpec") + struct.pack("<II", 3, len(variables))
    for name, shape, kind, content in variables:
        data += text(name) + struct.pack("<B", len(shape)) + struct.pack(f"<{len(shape)}I", *shape)
        data += struct.pack("<BI", kind, len(content)) + content
    return data


class Whisper(unittest.TestCase):
    def test_keeps_weights(self):
        variables = [("a/b", [2], 4, b"abcd"), ("scalar", [], 0, bytes(4)), ("integers", [1], 3, bytes(4))]
        self.assertEqual(read(convert.whisper_to_safetensors(whisper_file(variables))), {"a.b": ("F16", [2], b"abcd")})

    def test_refuses_what_it_does_not_know(self):
        cases = {
            "version 5": whisper_file([], version=5),
            "cut short": whisper_file([("a", [2], 4, b"abcd")])[:-1],
            "has 4 bytes": whisper_file([("a", [3], 4, b"abcd")]),
        }
        for expected, data in cases.items():
            with self.assertRaisesRegex(convert.Malformed, expected):
                convert.whisper_to_safetensors(data)


def api_model(service_id, operation="PutThing"):
    return gzip.compress(
        json.dumps(
            {
                "metadata": {"serviceId": service_id},
                "operations": {operation: {"input": {"shape": "Input"}, "errors": [{"shape": "KMSFault"}, {"shape": "Gone"}]}},
                "shapes": {
                    "Input": {
                        "type": "structure",
                        "documentation": "prose",
                        "required": ["sseKMSKey", "token"],
                        "members": {
                            "sseKMSKey": {"shape": "Key", "documentation": "prose"},
                            "token": {"shape": "Key", "idempotencyToken": True},
                            "equals": {"shape": "Inputs"},
                        },
                    },
                    "Inputs": {"type": "list", "member": {"shape": "Input"}, "max": 3},
                    "Key": {"type": "string", "pattern": "[a-z]+"},
                    "Output": {"type": "structure", "members": {}},
                },
            }
        ).encode()
    )


class Api(unittest.TestCase):
    def test_keeps_what_an_input_can_be_under_step_functions_names(self):
        files = {
            "data/thing/2020-01-01/service-2.json.gz": api_model("Thing", "Old"),
            "data/thing/2021-01-01/service-2.json.gz": api_model("AWS Thing Service"),
        }
        self.assertEqual(
            [json.loads(line) for line in convert.api_lines(files).splitlines()],
            [
                {
                    "service": "thing",
                    "prefix": "Thing",
                    "operations": {"PutThing": {"input": "Input", "errors": ["KMSFault", "Gone"]}},
                    "exceptions": {"KMSFault": "KmsException", "Gone": "GoneException"},
                    "shapes": {
                        "Input": {
                            "type": "structure",
                            "members": {"SseKmsKey": "Key", "Token": "Key", "EqualsValue": "Inputs"},
                            "required": ["SseKmsKey"],
                        },
                        "Inputs": {"type": "list", "member": "Input", "max": 3},
                        "Key": {"pattern": "[a-z]+"},
                    },
                }
            ],
        )

    def test_names_services_as_the_guide_does(self):
        cases = {
            "DynamoDB": "DynamoDb",
            "SFN": "Sfn",
            "S3": "S3",
            "Elastic Load Balancing v2": "ElasticLoadBalancingV2",
            "Database Migration Service": "DatabaseMigration",
            "IoTFleetWise": "IoTFleetWise",
            "FSx": "FSx",
            "Cost and Usage Report Service": "CostAndUsageReport",
            "Bedrock Data Automation Runtime": "BedrockDataAutomationRuntime",
        }
        for service_id, expected in cases.items():
            self.assertEqual(convert.service_name(service_id), expected)

    def test_refuses_what_is_no_model(self):
        for data in (b"", b"{}", gzip.compress(b"no JSON"), gzip.compress(b"{}")):
            with self.assertRaises(convert.Malformed):
                convert.compact(data)


class ApiModel(unittest.TestCase):
    def test_keeps_all_but_prose_of_the_newest_version(self):
        files = {
            "data/thing/2020-01-01/service-2.json.gz": api_model("Thing", "Old"),
            "data/thing/2021-01-01/service-2.json.gz": api_model("Thing"),
        }
        self.assertEqual(
            json.loads(convert.api_model(files)),
            {
                "metadata": {"serviceId": "Thing"},
                "operations": {"PutThing": {"input": "Input", "errors": ["KMSFault", "Gone"]}},
                "shapes": {
                    "Input": {
                        "type": "structure",
                        "required": ["sseKMSKey", "token"],
                        "members": {
                            "sseKMSKey": {"shape": "Key", "sdk": "SseKmsKey"},
                            "token": {"shape": "Key", "idempotencyToken": True},
                            "equals": {"shape": "Inputs", "sdk": "EqualsValue"},
                        },
                    },
                    "Inputs": {"type": "list", "member": {"shape": "Input"}, "max": 3},
                    "Key": {"type": "string", "pattern": "[a-z]+"},
                    "Output": {"type": "structure", "members": {}},
                },
            },
        )

    def test_refuses_what_is_no_model(self):
        for files in ({}, {"a": b""}, {"a": gzip.compress(b"{}")}, {"a": gzip.compress(b"[]")}):
            with self.assertRaises(convert.Malformed):
                convert.api_model(files)


class AuthorizationReference(unittest.TestCase):
    def test_keeps_actions_with_their_resources_and_conditions(self):
        kinds = {"job": {"condition_keys": ["k:b"]}, "": {"condition_keys": ["k:a", "k:b"]}}
        service = {
            "privileges": {"Get": {"description": "prose", "resource_types": kinds}},
            "resources": {"job": {"resource": "job", "arn": "arn:job"}},
        }
        kept = convert.actions_and_resources(json.dumps({"version": "1", "s": service}).encode())
        actions = {"Get": {"resources": ["job"], "conditions": ["k:a", "k:b"]}}
        self.assertEqual(json.loads(kept), {"s": {"actions": actions, "resources": {"job": "arn:job"}}})

    def test_refuses_what_is_no_reference(self):
        for data in (b"", b"[]", b'{"s": {"privileges": {"Get": {}}}}'):
            with self.assertRaises(convert.Malformed):
                convert.actions_and_resources(data)


if __name__ == "__main__":
    sys.exit(unittest.main())
