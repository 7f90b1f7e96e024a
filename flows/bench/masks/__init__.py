"""Bench `masks`: inexact masks, found out on their rim and put right."""
