"""Pages of documents and signatures."""

from django.urls import path

from workflow.registers import views as lists
from workflow.views import files, filling, late_entries, signing, usage

urlpatterns = [
    path("documents/start/<int:work_item>/", filling.start, name="document_start"),
    path("documents/inbox/", signing.waiting, name="document_inbox"),
    path("documents/inbox/sign/", signing.sign_read, name="document_inbox_sign"),
    path("documents/inbox/<int:step>/", signing.read_to_sign, name="document_inbox_read"),
    path("documents/<int:pk>/", signing.read, name="document"),
    path("documents/<int:pk>/edit/", filling.edit, name="document_edit"),
    path("documents/<int:pk>/edit/<slug:here>/", filling.edit, name="document_edit_section"),
    path("documents/<int:pk>/save/", filling.save, name="document_save"),
    path("documents/<int:pk>/conflict/", filling.settle_conflict, name="document_conflict"),
    path("documents/<int:pk>/submit/", filling.submit, name="document_submit"),
    path("documents/<int:pk>/discard/", filling.discard, name="document_discard"),
    path("documents/<int:pk>/late-entry/", late_entries.request_late, name="document_late"),
    path(
        "documents/<int:pk>/late-entry/withdraw/", late_entries.withdraw_late, name="document_late_withdraw"
    ),
    path("late-entries/", late_entries.late_list, name="late_entries"),
    path("late-entries/<int:pk>/decide/", late_entries.decide_late, name="late_entry_decide"),
    path("lists/<slug:register>/columns/", lists.list_columns, name="list_columns"),
    path("lists/<slug:register>/filters/", lists.list_filter_save, name="list_filter_save"),
    path("lists/<slug:register>/filters/forget/", lists.list_filter_forget, name="list_filter_forget"),
    path("usage/", usage.usage, name="usage"),
    path("usage/export/", usage.usage_export, name="usage_export"),
    path("documents/<int:pk>/sign/", signing.sign, name="document_sign"),
    path("documents/<int:pk>/send-back/", signing.send_back, name="document_send_back"),
    path("documents/<int:pk>/withdraw/", signing.withdraw, name="document_withdraw"),
    path("documents/<int:pk>/revise/", signing.revise, name="document_revise"),
    path("documents/<int:pk>/verify/", signing.verify, name="document_verify"),
    path("documents/<int:pk>/pdf/", files.pdf, name="document_pdf"),
    path("documents/<int:pk>/attachments/", files.attach, name="document_attach"),
    path("documents/<int:pk>/attachments/<int:attachment>/", files.attachment, name="document_attachment"),
    path(
        "documents/<int:pk>/attachments/<int:attachment>/small/", files.thumbnail, name="document_thumbnail"
    ),
    path("documents/<int:pk>/attachments/<int:attachment>/delete/", files.detach, name="document_detach"),
]
