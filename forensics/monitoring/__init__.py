"""Every night: is it still the same model, and how close has the pair come? Plans, nights, history, alarms, trends."""
