"""Fields of a record: missing, of another type, impossible."""

import json

from tests.support.mutants.submission import Submission, at, harmful, leaves, put

# Fields that a record may lack, for they have a default.
_OPTIONAL = {
    "partial", "exclusion", "twins", "checkpoint_sha256", "pool", "training", "thresholds", "references", "clusters",
    "layer", "pooling", "seen", "rounds", "few_shot", "predictions", "tables", "decode_s", "forward_s",
    "listing",
}  # fmt: skip


@harmful
def a_value_of_another_type(it: Submission) -> None:
    content = it.content
    path = it.random.choice([path for path in leaves(content) if path[-1] != "created"])
    value = at(content, path)
    put(it, path, "yes" if isinstance(value, bool | int | float) else 5 if isinstance(value, str) else [])


@harmful
def a_list_in_the_place_of_a_value(it: Submission) -> None:
    path = it.random.choice(list(leaves(it.content)))
    put(it, path, [at(it.content, path)])


@harmful
def a_field_missing(it: Submission) -> None:
    content = it.content
    paths = [
        path
        for path in leaves(content)
        if isinstance(path[-1], str) and path[-1] not in _OPTIONAL and "validation" not in path[:-1]
    ]
    path = it.random.choice(paths)
    del at(content, path[:-1])[path[-1]]
    it.write(content)


@harmful
def a_field_too_many(it: Submission) -> None:
    content = it.content
    parts = [(), ("dataset",), ("encoder",), ("probe",), ("neighbours",), ("timing",), ("provenance",)]
    at(content, it.random.choice(parts))["note"] = "<script>alert(1)</script>"
    it.write(content)


@harmful
def another_digest(it: Submission) -> None:
    content = it.content
    paths = [
        path for path in leaves(content) if "sha256" in str(path[-1]) or path[-1] in ("protocol_hash", "fingerprint")
    ]
    path = it.random.choice([path for path in paths if at(content, path)])
    digest = at(content, path)
    place = it.random.randrange(64)
    put(
        it, path, digest[:place] + it.random.choice("0123456789abcdef".replace(digest[place], "")) + digest[place + 1 :]
    )


@harmful
def a_digest_that_is_none(it: Submission) -> None:
    path = it.random.choice([("encoder", "weights_sha256"), ("protocol_hash",), ("dataset", "fingerprint")])
    digest = at(it.content, path)
    put(it, path, it.random.choice([digest.upper(), digest[:-1], digest + "0", "g" + digest[1:], "", digest + "\n"]))


@harmful
def a_name_with_control_characters(it: Submission) -> None:
    content = it.content
    paths = [("task",), ("backbone",), ("pretraining",), ("protocol",), ("encoder", "source"), ("dataset", "name")]
    paths += [("provenance", name) for name in ("artbench", "torch", "hardware", "device")]
    path = it.random.choice(paths)
    odd = it.random.choice(["\x1b[2J", "\n", "\x00", "\u202e", "\u200b", "\x85", "\u2028", "\ud800"])
    name = at(content, path)
    at(content, path[:-1])[path[-1]] = name[:2] + odd + name[2:]
    it.file.write_text(json.dumps(content))


@harmful
def a_plugin_version_that_is_none(it: Submission) -> None:
    put(it, ("provenance", "plugins", "artbench"), it.random.choice(["\x1b]0;x\x07", "1 && true", "x" * 1000]))


@harmful
def another_name(it: Submission) -> None:
    path = (it.random.choice(["task", "backbone", "pretraining"]),)
    put(
        it,
        path,
        it.random.choice(["../../../tmp/x", "a\\b", "CON", "resnet50 | <b>", "=cmd()", "x" * 300, "x" * 301, ""]),
    )


@harmful
def a_schema_nobody_knows(it: Submission) -> None:
    put(it, ("schema",), it.random.choice([0, 2, "1", None, True]))


@harmful
def from_the_future(it: Submission) -> None:
    put(it, ("provenance", "created"), it.random.choice(["2999-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"]))


@harmful
def a_time_without_a_place(it: Submission) -> None:
    put(
        it,
        ("provenance", "created"),
        it.random.choice(["2026-01-01T00:00:00", "yesterday", "", "2026-13-01T00:00:00Z"]),
    )


@harmful
def nothing_took_part(it: Submission) -> None:
    put(it, ("provenance", "plugins"), {})


@harmful
def more_plugins_than_can_take_part(it: Submission) -> None:
    names = {f"plugin-{number}": "1.0" for number in range(it.random.choice([21, 500]))}
    put(it, ("provenance", "plugins"), {"artbench": "0.2.0"} | names)


@harmful
def a_type_of_numbers_that_no_features_have(it: Submission) -> None:
    put(it, ("provenance", "dtype"), it.random.choice(["float16", "Float32", "the best one", "auto"]))
