"""Drafting: a first document for a table, with guesses to correct and comments on what was found."""

from mtlspec.drafting.draft import Draft as Draft
from mtlspec.drafting.draft import draft as draft
