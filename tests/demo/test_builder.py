"""The demonstration book adds up to the cent, tells the whole story and could be a bank's."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from postloan.demo.days import Timeline
from tests.demo.book import Book
from tests.demo.conftest import AS_OF, written

WAN = Decimal(10000)
CONTINGENT = {"银行承兑汇票", "保函"}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.csv")}


@pytest.mark.heavy
def test_the_same_date_and_seed_write_the_same_bytes(book: Book, tmp_path: Path) -> None:
    again, other = written(tmp_path / "again"), written(tmp_path / "other", seed=2)
    assert bytes_of(book.folder) == bytes_of(again.folder)
    assert bytes_of(book.folder) != bytes_of(other.folder)


# ---- sums, done again from the files alone --------------------------------------------------------


def assert_schedules_sum_to_the_principal(book: Book) -> None:
    for day in (book.dates[0], book.dates[-1]):
        schedules = book.schedule(day)
        for (number,), loan in book.keyed("loans", "借据号", day=day).items():
            if loan["品种"] == "保函":
                assert number not in schedules
                continue
            dues = schedules[number]
            assert sum(principal for _, principal, _ in dues) == Decimal(loan["金额"]), number
            assert dues[-1][0].isoformat() == loan["到期日"], number


def assert_states_follow_from_schedule_and_ledger(book: Book) -> None:
    """Also on the month ends of the two years before, which the opening tells: its ledger goes back further."""
    sums: dict[date, dict[tuple[str, str], Decimal]] = {}
    plans = {day: book.schedule(day) for day in book.dates}
    for day, state in book.states():
        number = state["借据号"]
        if day not in sums:
            sums[day] = book.paid(day)
        paid = sums[day]
        dues = plans[max(day, book.dates[0])].get(number, [])
        principal, interest = paid[number, "归还本金"], paid[number, "归还利息"]
        assert Decimal(state["余额"]) == paid[number, "发放"] - principal, (day, number)
        fallen = [due for due in dues if due[0] < day]
        short_principal = sum((p for _, p, _ in fallen), Decimal(0)) - principal
        short_interest = sum((i for _, _, i in fallen), Decimal(0)) - interest
        assert Decimal(state["逾期本金"]) == max(short_principal, Decimal(0)), (day, number)
        assert Decimal(state["欠息"]) == max(short_interest, Decimal(0)), (day, number)
        # The first due date by which less had been paid than was due.
        since, due_so_far = None, Decimal(0)
        for on, p, i in fallen:
            due_so_far += p + i
            if due_so_far > principal + interest:
                since = on
                break
        assert int(state["逾期天数"]) == ((day - since).days if since else 0), (day, number)


def assert_balances_follow_from_transactions(book: Book) -> None:
    running: dict[str, Decimal] = {}
    at_day: dict[tuple[str, date], Decimal] = {}
    for row in book.known("transactions"):
        account, amount = row["账号"], Decimal(row["金额"])
        signed = amount if row["方向"] == "贷（收）" else -amount
        after = Decimal(row["交易后余额"])
        assert amount > 0 and after >= 0, row
        if account in running:
            assert after == running[account] + signed, row
        running[account] = after
        at_day[account, date.fromisoformat(row["交易日"])] = after
    moves = sorted(at_day.items(), key=lambda item: item[0][1])
    last: dict[str, Decimal] = {}
    for day, row in sorted(book.balances(), key=lambda item: item[0]):
        while moves and moves[0][0][1] <= day:
            (account, _), after = moves.pop(0)
            last[account] = after
        assert Decimal(row["余额"]) == last.get(row["账号"], Decimal(row["余额"])), (day, row)
        assert Decimal(row["冻结止付金额"]) <= Decimal(row["余额"]), (day, row)


def assert_each_day_brings_only_its_own(book: Book) -> None:
    columns = {"repayments": "发生日", "transactions": "交易日", "events": "发生日", "loans": "发放日"}
    before = date.min
    for day, files in book.sets.items():
        for kind, column in columns.items():
            for row in files.get(kind, []):
                on = date.fromisoformat(row[column])
                assert on <= day and (before < on or kind == "loans"), (day, row)
        before = day


def assert_classes_are_no_better_than_arrears_allow(book: Book) -> None:
    order = ["正常", "关注", "次级", "可疑", "损失"]
    for day, state in book.states():
        days = int(state["逾期天数"])
        least = 4 if days > 360 else 3 if days > 270 else 2 if days > 90 else 0
        assert order.index(state["风险分类"]) >= least, (day, state)


def test_every_sum_is_right_to_the_cent(book: Book) -> None:
    assert_schedules_sum_to_the_principal(book)
    assert_states_follow_from_schedule_and_ledger(book)
    assert_balances_follow_from_transactions(book)


def test_interest_is_by_days_over_360_worked_out_by_hand(book: Book) -> None:
    # 12,000,000 × 5.20%: due on the 20th. 31 days to 08-20 and to 09-20: 53,733.33 each; 30 days to 10-20:
    # 52,000.00; 31 days to 11-20: 53,733.33.
    (loan,) = [
        row
        for row in book.known("loans")
        if book.customer_of(row["借据号"])["名称"] == "鄱阳湖水产股份有限公司"
    ]
    read = {
        day: (state["欠息"], state["逾期天数"], state["风险分类"])
        for day, state in book.states()
        if state["借据号"] == loan["借据号"]
    }
    assert read[date(2026, 9, 30)] == ("107466.66", "41", "关注")
    assert read[date(2026, 7, 31)] == ("0.00", "0", "正常")
    assert read[date(2026, 11, 18)] == ("159466.66", "90", "关注")
    assert read[date(2026, 11, 19)] == ("159466.66", "91", "次级")
    assert read[date(2026, 11, 23)] == ("213199.99", "95", "次级")


def test_an_annuity_is_the_payment_worked_out_by_hand(book: Book) -> None:
    # 曾伟: 1,500,000 over 360 months at 3.45%: growth 2.81093, 6,693.87 a month; the first interest is
    # 1,500,000 × 3.45% / 12 = 4,312.50.
    (loan,) = [
        row["借据号"]
        for row in book.known("loans")
        if row["品种"] == "个人住房贷款" and book.customer_of(row["借据号"])["名称"] == "曾伟"
    ]
    dues = book.schedule(AS_OF)[loan]
    assert len(dues) == 360
    assert dues[0][1:] == (Decimal("2381.37"), Decimal("4312.50"))
    assert {p + i for _, p, i in dues[:-1]} == {Decimal("6693.87")}


@pytest.mark.parametrize("days", (3, 34, 92, 150, 183))
@pytest.mark.heavy
def test_the_story_holds_on_whatever_day_it_is_told(days: int, tmp_path: Path) -> None:
    as_of = date(2026, 10, 1) + timedelta(days)
    book = written(tmp_path, as_of, seed=days)
    assert book.dates[-1] == as_of
    assert as_of - timedelta(20) <= book.dates[0] < as_of
    assert_schedules_sum_to_the_principal(book)
    assert_states_follow_from_schedule_and_ledger(book)
    assert_balances_follow_from_transactions(book)
    assert_each_day_brings_only_its_own(book)
    assert_classes_are_no_better_than_arrears_allow(book)


def test_the_story_is_short_and_no_quarter_ends_in_it() -> None:
    for days in range(800):
        timeline = Timeline(date(2026, 1, 1) + timedelta(days))
        assert (timeline.go_live.month - 1) // 3 == (timeline.as_of.month - 1) // 3
        assert timeline.as_of - timedelta(20) <= timeline.go_live <= timeline.as_of
        assert timeline.opening == timeline.go_live - timedelta(1)
    # Eight weekdays before Monday 11-23: 11-20, 19, 18, 17, 16, 13, 12, 11.
    assert Timeline(AS_OF).go_live == date(2026, 11, 11)


def test_two_years_of_month_ends_and_six_months_of_movements_are_told(book: Book) -> None:
    ends = {day for day, _ in book.states()} - set(book.dates)
    assert ends == {day for day, _ in book.balances()} - set(book.dates)
    assert (len(ends), min(ends), max(ends)) == (24, date(2024, 11, 30), date(2026, 10, 31))
    moved = [row["交易日"] for row in book.known("transactions")]
    assert (min(moved)[:7], max(moved)) == ("2026-05", "2026-11-23")
    assert 25_000 < len(moved) < 60_000


# ---- the story -------------------------------------------------------------------------------------


def test_every_frequency_of_both_lines_and_every_kind_of_event_occurs(book: Book) -> None:
    corporate, personal = set(), set()
    for _, state in book.states():
        product = book.keyed("loans", "借据号")[state["借据号"],]["品种"]
        if product in {"流动资金贷款", "固定资产贷款"}:
            corporate.add(state["风险分类"])
        if product in {"个人住房贷款", "个人经营贷款"}:
            personal.add(state["风险分类"])
    assert corporate == personal == {"正常", "关注", "次级", "可疑", "损失"}
    # What the import sees in the core's readings is not told twice; the rest comes as events.
    seen = {row["事项"] for row in book.known("events")}
    assert not seen & {"风险分类下迁", "逾期", "欠息", "或有资产垫付"}
    order = ["正常", "关注", "次级", "可疑", "损失"]
    before: dict[str, dict[str, str]] = {}
    for day, state in book.states():
        old = before.get(state["借据号"], state)
        worse = order.index(state["风险分类"]) > order.index(old["风险分类"])
        seen |= {"风险分类下迁"} if worse else set()
        contingent = book.keyed("loans", "借据号")[state["借据号"],]["品种"] in CONTINGENT
        late = old["逾期天数"] == "0" < state["逾期天数"]
        seen |= {"或有资产垫付" if contingent else "逾期"} if late else set()
        seen |= {"欠息"} if old["欠息"] == "0.00" < state["欠息"] else set()
        if day >= book.dates[0]:
            before[state["借据号"]] = state
    assert {"风险分类下迁"} <= seen  # 28.1
    assert {"欠息", "展期", "逾期", "或有资产垫付"} <= seen  # 28.2
    assert {"停产", "半停产"} <= seen  # 28.3
    assert {"重大投资活动", "体制改革", "债权债务纠纷", "事故与赔偿"} <= seen  # 28.4


def test_the_book_is_mostly_sound(book: Book) -> None:
    last = book.sets[AS_OF]["loan_states"]
    total = sum(Decimal(row["余额"]) for row in last)
    bad = sum(Decimal(row["余额"]) for row in last if row["风险分类"] in {"次级", "可疑", "损失"})
    assert Decimal("0.02") < bad / total < Decimal("0.10")
    assert Counter(row["风险分类"] for row in last)["正常"] > len(last) * 0.6


def test_a_payment_that_was_missed_could_not_have_been_taken(book: Book) -> None:
    after: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    for row in book.known("transactions"):
        after[row["账号"]].append((date.fromisoformat(row["交易日"]), Decimal(row["交易后余额"])))
    loans = book.keyed("loans", "借据号")
    seen = 0
    for state in book.sets[AS_OF]["loan_states"]:
        days = int(state["逾期天数"])
        since = AS_OF - timedelta(days)
        if not days or since < min(on for moves in after.values() for on, _ in moves):
            continue
        (owed,) = [p + i for on, p, i in book.schedule(AS_OF)[state["借据号"]] if on == since]
        held = [left for on, left in after[loans[state["借据号"],]["结算账号"]] if on <= since][-1]
        assert held < owed, state
        seen += 1
    assert seen >= 4


def test_a_loan_is_settled_another_granted_and_one_extended(book: Book) -> None:
    first = {row["借据号"]: row for row in book.sets[book.dates[0]]["loan_states"]}
    last = {row["借据号"]: row for row in book.sets[AS_OF]["loan_states"]}
    assert any(Decimal(first[n]["余额"]) > 0 and Decimal(last[n]["余额"]) == 0 for n in first)
    assert set(last) - set(first)
    (extended,) = [row for row in book.sets[AS_OF]["loans"] if row["借据号"] in first]
    assert extended["到期日"] == "2027-06-02"
    before = book.keyed("loans", "借据号", day=book.dates[0])[extended["借据号"],]
    assert before["到期日"] == "2026-12-02"


def test_the_wages_of_the_weaving_mill_stop_before_its_works_do(book: Book) -> None:
    (mill,) = [c["客户编号"] for c in book.known("customers") if c["名称"] == "南昌锦绣纺织有限公司"]
    accounts = {row["账号"] for row in book.known("accounts") if row["客户编号"] == mill}
    wages = [
        r["交易日"] for r in book.known("transactions") if r["账号"] in accounts and r["摘要"] == "代发工资"
    ]
    assert [day[:7] for day in wages] == ["2026-05", "2026-06", "2026-07", "2026-08", "2026-09"]


# ---- plausible to a banker, and nobody's --------------------------------------------------------------


def test_amounts_rates_and_terms_are_a_branchs(book: Book) -> None:
    for loan in book.known("loans"):
        kind, amount, rate = (
            book.customer_of(loan["借据号"])["类型"],
            Decimal(loan["金额"]),
            Decimal(loan["年利率"]),
        )
        if loan["品种"] in CONTINGENT:
            assert rate == 0
        elif loan["品种"] != "票据贴现":
            assert Decimal("0.0345") <= rate <= Decimal("0.065"), loan
        if kind == "法人":
            least = 50 if loan["品种"] in {*CONTINGENT, "票据贴现"} else 100
            assert least * WAN <= amount <= 8000 * WAN, loan
        if loan["品种"] == "个人住房贷款":
            years = int(loan["到期日"][:4]) - int(loan["发放日"][:4])
            assert 30 * WAN <= amount <= 200 * WAN and 10 <= years <= 30, loan
    customers = book.known("customers")
    assert Counter(row["类型"] for row in customers) == {"法人": 100, "个体": 50, "个人": 150}
    assert len({row["行业"] for row in customers if row["类型"] == "法人"}) >= 15
    lent_to = {book.customer_of(row["借据号"])["客户编号"] for row in book.last_states()}
    assert lent_to == {row["客户编号"] for row in customers}
    maturing = {row["到期日"][:7] for row in book.known("loans")}
    assert len(maturing) >= 20


def test_every_borrower_has_three_people_of_its_own_branch(book: Book) -> None:
    homes: dict[str, set[str]] = {row["客户编号"]: set() for row in book.known("customers")}
    posts: dict[str, list[str]] = {number: [] for number in homes}
    managed: Counter[str] = Counter()
    people = book.keyed("people", "工号")
    for row in book.known("responsibilities"):
        homes[row["客户编号"]].add(row["机构号"][:4])
        if not row["止"]:
            posts[row["客户编号"]].append(row["岗位"])
            managed[row["工号"]] += row["岗位"] == "客户经理"
        assert people[row["工号"],]["机构号"] == row["机构号"]
        assert people[row["工号"],]["起"] <= row["起"]
    assert all(sorted(p) == ["客户经理", "经营主责任人", "风险经理"] for p in posts.values())
    assert Counter(home for found in homes.values() for home in found) == {"3601": 238, "3602": 62}
    assert all(
        15 <= count <= 40 for number, count in managed.items() if people[number,]["岗位"] == "客户经理"
    )


def latin(book: Book) -> Iterator[str]:
    for kind, column in (
        ("customers", "名称"),
        ("people", "姓名"),
        ("units", "名称"),
        ("transactions", "对方户名"),
    ):
        yield from (row[column] for row in book.known(kind) if re.search("[A-Za-z]", row[column]))


def test_names_are_chinese_and_no_number_is_anybodys(book: Book) -> None:
    assert list(latin(book)) == []
    numbers = [row["证件号"] for row in book.known("customers")]
    assert len(set(numbers)) == len(numbers)
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for row in book.known("customers"):
        number = row["证件号"]
        assert len(number) == 18
        if row["类型"] == "个人":
            total = sum(int(digit) * weight for digit, weight in zip(number[:17], weights, strict=True))
            assert "10X98765432"[total % 11] == number[17]
            assert number.startswith("369900")
            date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
            assert re.fullmatch(r"1000000\d{4}", row["电话"])
        else:
            total = sum(alphabet.index(c) * 3**place for place, c in enumerate(number))
            assert (total - alphabet.index(number[17]) * 3**17 + alphabet.index(number[17])) % 31 == 0
            assert number[2:8] == "369900"
            assert re.fullmatch(r"0791-0000\d{4}", row["电话"])
