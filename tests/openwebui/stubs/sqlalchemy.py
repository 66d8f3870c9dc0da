"""Stands for SQLAlchemy, which is used only when an app is enrolled or all apps are looked up."""

select = update = None
