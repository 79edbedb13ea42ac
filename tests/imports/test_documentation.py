"""docs/extracts.md names every file and column; a profile outside the vocabulary is refused when it is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from core.staging.profiles import ProfileError, load_profile
from credit.imports.kinds import KINDS
from credit.imports.run import PROFILES, profile, profile_names

DOCUMENT = (settings.BASE_DIR / "docs" / "extracts.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", KINDS)
def test_every_column_is_documented(name: str) -> None:
    kind = KINDS[name]
    section = DOCUMENT.split(f"### {kind.label}（`{name}`）")[1].split("\n#")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| ")][1:]
    assert [(label.strip(), need.strip()) for label, need in rows] == [
        (column.label, "是" if column.required else "") for column in kind.columns
    ]


def test_the_profiles_that_ship_are_readable() -> None:
    assert set(profile_names()) == {"native", "berka"}
    assert profile("berka").cutoff_on == date(1994, 3, 31)
    assert [target.kind.name for target in profile("native").targets] == list(KINDS)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("surprise",), 1, "方案 中有不认识的词：surprise"),
        (("targets", "loans", "columns", "amount"), {"eval": "1+1"}, "须恰好用 column、const"),
        (("targets", "loans", "columns", "amount"), {"column": "amount", "times": 2}, "不认识的词：times"),
        (("targets", "loans", "columns", "colour"), "x", "不认识的词：colour"),
        (("targets", "bonds"), {"from": "loan"}, "不认识的内容：bonds"),
        (("targets", "loans", "from"), "nowhere", "targets.loans.from 不存在：nowhere"),
        (("dates", "format"), "MMDDYY", "dates.format 须为"),
        (("derived", "plan"), {"magic": {}}, "derived.plan 须为 day_end"),
        (("replay", "mode"), "hourly", "replay 须写明 mode: daily"),
    ],
)
def test_a_word_outside_the_vocabulary_is_refused(
    tmp_path: Path, path: tuple[str, ...], value: object, message: str
) -> None:
    raw = yaml.safe_load((PROFILES / "berka.yaml").read_text(encoding="utf-8"))
    place = raw
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    changed = tmp_path / "changed.yaml"
    changed.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ProfileError, match=message):
        load_profile(changed, KINDS)
