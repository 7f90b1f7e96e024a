"""Grounds that programs drew: what lies around a hole says exactly what belongs in it. Used by engines and by tasks alike."""
