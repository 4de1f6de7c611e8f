"""Pure numerics on numpy arrays: likelihood-ratio metrics, calibration, bounds, folds, intervals and normalisation.

Nothing here reads files, knows records or imports the rest of the package; every function leaves its inputs
as they were.
"""
