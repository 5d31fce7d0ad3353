"""Roles of models and methods in a comparison. No pydantic here: suites use them when listed."""

from typing import Literal

Role = Literal["reference", "control", "bound", "ablation", "size", "budget"]
"""Role of a model or method in a comparison.

A *reference* competes. A *control* tests whether a benchmark needs more than a simple rule. A
*bound* is an upper or lower limit. An *ablation* is a variant with a mechanism switched
off or changed, a *size* a variant of another size, and *budget* a method at one of several memory
budgets.
"""
