-- The table of version 4. Whether the objectives for latency (`[slo]`) were met, by day of UTC (its first millisecond),
-- node and objectives: two hexadecimal digits for each quarter hour of the day, the minutes of it in which they were met
-- and those in which they were not. Kept 400 days.
CREATE TABLE slo_minutes (
    day INTEGER, node TEXT, slo TEXT, minutes TEXT NOT NULL, PRIMARY KEY (day, node, slo)) WITHOUT ROWID;
