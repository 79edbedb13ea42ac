"""附件3, the enterprise: operations, stock, owners, finance, interviews (第二十九条（二）（三）（五）)."""

from __future__ import annotations

from decimal import Decimal

from inspections.documents.site_inspection.overview import BORROWER, yes_no
from workflow.definitions import NO, YES, Answers, Compare, Field, Kind, Section, answered, options

EXPLAIN_CHANGE = "financials.explain_change"  # the policy figure: from which share on a change is explained

visits_borrower = answered("types", BORROWER)
no_last_visit = answered("has_last", NO)
trend_words = options("增加", "持平", "减少")

OPERATIONS = Section(
    "operations",
    "生产经营",
    (
        Field(
            "workers",
            "工人数量",
            Kind.NUMBER,
            unit="人",
            whole=True,
            compare=Compare(decrease=True),
            note_label="减少原因",
        ),
        Field(
            "workers_trend",
            "工人数量与上期比",
            Kind.CHOICE,
            when=no_last_visit,
            options=trend_words,
            explain_on=("减少",),
            note_label="减少原因",
        ),
        Field("lines", "生产线", Kind.NUMBER, unit="条", whole=True, compare=Compare()),
        Field(
            "line_rate",
            "实际开工率",
            Kind.PERCENT,
            unit="%",
            maximum=Decimal(100),
            compare=Compare(share=EXPLAIN_CHANGE),
            note_label="变动原因",
        ),
        Field("machines", "机器设备总台数", Kind.NUMBER, unit="台", whole=True, compare=Compare()),
        Field(
            "machine_rate",
            "设备开工率",
            Kind.PERCENT,
            unit="%",
            maximum=Decimal(100),
            compare=Compare(share=EXPLAIN_CHANGE),
            note_label="变动原因",
        ),
        Field("office_staff", "办公人员数量", Kind.NUMBER, unit="人", whole=True, compare=Compare()),
        Field("premises", "办公场所", Kind.CHOICE, options=options("自有", "租赁"), compare=Compare()),
        yes_no("business_changed", "主营业务是否变化"),
        yes_no("operating_normally", "生产经营是否正常", explain=NO),
        Field(
            "trend",
            "发展趋势",
            Kind.CHOICE,
            options=options("优", "良好", "较好", "一般", "恶化"),
            explain_on=("恶化",),
            compare=Compare(),
        ),
        Field(
            "wages",
            "工资发放",
            Kind.CHOICE,
            options=options("正常", "拖欠"),
            explain_on=("拖欠",),
            compare=Compare(),
        ),
        Field(
            "environment",
            "生产环境",
            Kind.CHOICE,
            options=options("好", "一般", "差"),
            explain_on=("差",),
            compare=Compare(),
        ),
        Field(
            "operations_other",
            "其他经营情况",
            Kind.LONGTEXT,
            required=False,
            help="事业单位填写经营管理指标。",
        ),
    ),
    when=visits_borrower,
)

STOCK = Section(
    "stock",
    "存货现场",
    (
        Field(
            "stock",
            "存货数量",
            Kind.NUMBER,
            compare=Compare(decrease=True),
            note_label="减少原因",
        ),
        Field("stock_unit", "计量单位及品类", help="如：吨，成品鱼"),
        Field(
            "stock_trend",
            "存货与上期比",
            Kind.CHOICE,
            when=no_last_visit,
            options=trend_words,
            explain_on=("减少",),
            note_label="减少原因",
        ),
        yes_no("stock_swing", "库存有无大幅变化"),
        Field("stock_other", "其他说明", Kind.LONGTEXT, required=False),
    ),
    when=visits_borrower,
)


def _owners_changed(answers: Answers) -> bool:
    return any(answers.get(name) == YES for name in OWNER_QUESTIONS)


OWNER_QUESTIONS = (
    "representative_changed",
    "shareholders_changed",
    "executives_changed",
    "abroad",
    "abnormal",
    "affiliates_changed",
)

OWNERS = Section(
    "owners",
    "管理层与股权",
    (
        yes_no("representative_changed", "法定代表人有无变化"),
        yes_no("shareholders_changed", "主要股东有无变化"),
        yes_no("executives_changed", "高管人员有无变化"),
        yes_no("abroad", "上述人员有无出境"),
        yes_no("abnormal", "上述人员有无异常"),
        yes_no("affiliates_changed", "关联公司有无变化"),
        Field(
            "owners_impact",
            "变化对授信的影响",
            Kind.CHOICE,
            required=_owners_changed,
            options=options("无", "正面", "一定负面但无法判断", "较大负面"),
            explain_on=("一定负面但无法判断", "较大负面"),
        ),
    ),
    when=visits_borrower,
)


def _figures(kind: Kind, *names: str) -> tuple[Field, ...]:
    """Columns of a financial table: the named periods, the inspected one compared with the one before."""
    labels = {"base": "授信基准期", "previous": "上期", "current": "检查期"}
    return tuple(
        Field(
            name,
            labels[name],
            kind,
            minimum=None,
            required=name != "base",
            compare=Compare(against="previous", share=EXPLAIN_CHANGE) if name == "current" else None,
        )
        for name in names
    )


REASON = Field("reason", "变动原因", required=False)

FINANCE = Section(
    "finance",
    "财务情况",
    (
        Field("statements_on", "报表截止日", Kind.DATE),
        Field("statements_before", "上期报表截止日", Kind.DATE),
        Field(
            "ratios",
            "主要财务指标",
            Kind.TABLE,
            rows=("资产负债率（%）", "销售利润率（%）", "流动比率（倍）"),
            columns=(
                Field("item", "指标", locked=True),
                *_figures(Kind.NUMBER, "base", "previous", "current"),
                REASON,
            ),
        ),
        Field(
            "amounts",
            "主要财务科目（元）",
            Kind.TABLE,
            rows=("销售收入", "销售成本", "税前利润", "应收账款", "应付账款"),
            columns=(
                Field("item", "科目", locked=True),
                *_figures(Kind.MONEY, "previous", "current"),
                REASON,
            ),
        ),
        Field("has_other_items", "其他科目有无须说明的大幅变动", Kind.YES_NO),
        Field(
            "other_items",
            "大幅变动的其他科目（元）",
            Kind.TABLE,
            when=answered("has_other_items", YES),
            least=1,
            row_word="项",
            columns=(
                Field("item", "科目"),
                *_figures(Kind.MONEY, "previous", "current"),
                Field("reason", "变动原因"),
            ),
        ),
        *(
            Field(
                name,
                label,
                Kind.CHOICE,
                options=options("相符", "不符"),
                explain_on=("不符",),
                compare=Compare(),
            )
            for name, label in (
                ("books_goods", "账实核对"),
                ("books_books", "账账核对"),
                ("books_statements", "账表核对"),
            )
        ),
        Field("finance_analysis", "财务情况分析", Kind.LONGTEXT, required=False),
    ),
    when=visits_borrower,
)

INTERVIEWS = Section(
    "interviews",
    "面谈",
    (
        Field("representative_met", "面谈法定代表人（姓名、时间）"),
        yes_no("new_investment", "对外有无重大投资", compared=False),
        yes_no("difficulties", "经营有无困难", compared=False),
        yes_no("adjustment", "生产技术、组织管理有无调整", compared=False),
        yes_no("new_plans", "有无新的经营计划", compared=False),
        yes_no("disputes", "有无经济纠纷", compared=False),
        yes_no("related_party", "关联交易有无异常", compared=False),
        Field("finance_met", "面谈财务负责人（姓名、时间）"),
        yes_no("new_guarantees", "有无新增对外担保", compared=False),
        yes_no("banks_changed", "合作银行及其他债权人有无变动", compared=False),
        Field("sales_met", "面谈销售负责人（姓名、时间）"),
        yes_no("chain_changed", "原材料供应和产品销售的上下游有无变化", compared=False),
        yes_no("collection_term_changed", "回款账期有无变化", compared=False),
        yes_no("payment_term_changed", "付款账期有无变化", compared=False),
    ),
    when=visits_borrower,
)
