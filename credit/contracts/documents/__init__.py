"""The papers about what contracts agree."""

from django.utils.translation import gettext_lazy as _

# What they register stands in the book, beside what the core system tells, and is corrected where that is.
IN_THE_REGISTER = _("登记的合同约定随业务数据更正：请由数据维护人员在“手工录入”中更正，不在这里另起新版。")
