"""What shows in movements: facts, detectors, findings."""
