"""附件3 信贷业务现场检查表: its definition, and what it starts with."""

from inspections.documents.site_inspection.definition import SITE_INSPECTION

__all__ = ["SITE_INSPECTION"]
