"""Thermocline: which accounts are hot, which are cold, why, since when and until when."""

__version__ = "0.1.0"
