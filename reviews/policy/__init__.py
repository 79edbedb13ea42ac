"""管理方案与工作日历 on screen: what is in force, a change with its preview, and the decision of another person."""
