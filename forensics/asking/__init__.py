"""Asking models: what is asked in which order, at which pace, what happens to a fault, and how answers reach the disk.

    terms      how to ask: limits, budget, part of the questions
    questions  which questions there are, and in which order
    lines      from a probe to what is asked, from what came back to a line
    estimate   what it would take, before anything is sent
    deciding   what to do about a fault; the only place that knows of retries
    pace       how many requests at once an endpoint bears
    writer     answers to the transcript, each on its way to disk before it counts
    locking    one process to one transcript
    journal    what is under way, beside the transcript, for the day the power fails
    kept       the response cache
    budget     prices, requests and money
    inquiry    one model: its questions, transcript, journal and counts
    endpoint   the inquiries that share one service, and the threads that ask
    crew       all endpoints of a run, until the last question or the first signal
    progress   what is told meanwhile
    outcome    what came of it, read again from the transcript
    joining    transcripts of shards to one

Adapters say what came back; what follows from it is decided here.
"""
