-- What the tokens of a past day bear of the cost of GPUs at work, in millionths of the currency as a whole number and a part
-- of one, shared by what is kept of the day in `grain`. Derived, for the view profit_by_model_by_day alone: a day that is not
-- here, or was shared by another grain, is shared by the view. Account -1 is nobody; each day has such a row.
CREATE TABLE day_borne (
    bucket INTEGER, account INTEGER, tariff INTEGER, grain TEXT NOT NULL, whole INTEGER NOT NULL, part REAL NOT NULL,
    PRIMARY KEY (bucket, account, tariff)) WITHOUT ROWID;

-- A correction of a past day is shared anew, whoever writes it.
CREATE TRIGGER day_tokens_added AFTER INSERT ON day_tokens
BEGIN DELETE FROM day_borne WHERE bucket = new.bucket; END;
CREATE TRIGGER day_tokens_changed AFTER UPDATE ON day_tokens
BEGIN DELETE FROM day_borne WHERE bucket = new.bucket; END;
CREATE TRIGGER day_gpu_time_added AFTER INSERT ON day_gpu_time
BEGIN DELETE FROM day_borne WHERE bucket = new.bucket; END;
CREATE TRIGGER day_gpu_time_changed AFTER UPDATE ON day_gpu_time
BEGIN DELETE FROM day_borne WHERE bucket = new.bucket; END;
