//! Series over time: counters to deltas, windows, rings with gaps, quantiles of histograms.
