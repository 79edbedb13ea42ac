"""Every page, and the pages of imports."""

from django.urls import include, path

from postloan.urls import handler403, handler404, handler500, urlpatterns

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*urlpatterns, path("", include("credit.urls_imports"))]
