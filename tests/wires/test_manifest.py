from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wires.contracts import DatasetContract, Evolution, contracts_from_json, contracts_to_json
from wires.errors import ManifestError
from wires.layout import quarantined_object
from wires.manifest import Manifest, ObjectVersion

VERSIONS = st.builds(
    ObjectVersion,
    key=st.text(min_size=1, max_size=20),
    version_id=st.text(min_size=1, max_size=5),
    size=st.integers(0, 10**12),
    uploaded_at=st.just("2026-01-15T10:00:00+00:00"),
)


@given(st.lists(VERSIONS, max_size=5), st.randoms())
def test_a_load_id_depends_on_the_versions_alone(
    versions: list[ObjectVersion], chance: object
) -> None:
    shuffled = sorted(versions, key=lambda _: getattr(chance, "random")())  # noqa: B009
    assert Manifest.of("raw", versions) == Manifest.of("raw", shuffled)
    assert Manifest.from_json(Manifest.of("raw", versions).to_json()) == Manifest.of(
        "raw", versions
    )


def test_other_versions_make_another_load() -> None:
    one = ObjectVersion(key="a", version_id="1", size=1, uploaded_at="2026-01-15T10:00:00+00:00")
    two = ObjectVersion(key="a", version_id="2", size=1, uploaded_at="2026-01-15T10:00:00+00:00")
    assert Manifest.of("raw", [one]).load_id != Manifest.of("raw", [two]).load_id
    assert Manifest.of("raw", [one]).load_id != Manifest.of("other", [one]).load_id


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1}', '{"version": 99}'])
def test_what_is_no_manifest_is_an_error(text: str) -> None:
    with pytest.raises(ManifestError):
        Manifest.from_json(text)


@given(VERSIONS)
def test_a_refused_object_s_copy_never_has_the_uploader_s_path(version: ObjectVersion) -> None:
    key = quarantined_object(version.key, version.version_id, version.uploaded_on)
    folder, name = key.rsplit("/", 1)
    assert folder == "quarantine/objects/2026/01/15"
    assert ".." not in name
    assert name.isascii()


def test_contracts_arrive_as_they_were_sent() -> None:
    contract = DatasetContract(name="orders", keys=("a/*",), evolution=Evolution.STRICT)
    assert contracts_from_json(contracts_to_json([contract])) == {"orders": contract}
