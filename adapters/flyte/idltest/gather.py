"""Gathers Flyte's interface definitions out of a PyPI wheel, for the stand-ins. `make flyte-idl` runs it.

    python3 gather.py flyteidl-1.16.5-py3-none-any.whl flyteidl.binpb flyteidl/service/admin_pb2.py …

The wheel's modules hold each .proto file as a serialised FileDescriptorProto. The outcome is a FileDescriptorSet of the
services that are used and of all that they import, sorted so that a file follows its imports. What Google's own
packages define is left out; Go's protobuf module has it.
"""

import ast
import sys
import zipfile


def gather(wheel: zipfile.ZipFile, module: str, found: dict[str, bytes]) -> None:
    """Put a module's descriptor behind those that it imports."""
    if module in found or module not in wheel.namelist():
        return
    descriptor = b""
    for node in ast.walk(ast.parse(wheel.read(module))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in node.names:
                gather(wheel, f"{node.module.replace('.', '/')}/{name.name}.py", found)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
            descriptor = ast.literal_eval(node.args[0])
    found[module] = descriptor


def varint(n: int) -> bytes:
    """Write a number as protobuf does."""
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def main(wheel: str, outcome: str, *services: str) -> None:
    """Write the set: its only field, number 1, repeated."""
    found: dict[str, bytes] = {}
    with zipfile.ZipFile(wheel) as opened:
        for module in services:
            gather(opened, module, found)
    with open(outcome, "wb") as out:
        out.writelines(b"\x0a" + varint(len(descriptor)) + descriptor for descriptor in found.values())


if __name__ == "__main__":
    main(*sys.argv[1:])
