-- From version 2, whose tables had other names, to version 3.
DROP VIEW IF EXISTS profit_by_model_by_day;
DROP VIEW IF EXISTS cost_by_day;
DROP VIEW IF EXISTS revenue_by_day;
ALTER TABLE accounts RENAME TO revenue_accounts;
ALTER TABLE revenue_accounts ADD COLUMN costed INTEGER NOT NULL DEFAULT 1;
ALTER TABLE landlords RENAME TO cost_accounts;
ALTER TABLE minute_rents RENAME TO minute_gpu_time;
ALTER TABLE quarter_rents RENAME TO quarter_gpu_time;
ALTER TABLE day_rents RENAME TO day_gpu_time;
ALTER TABLE minute_gpu_time RENAME COLUMN landlord TO cost_account;
ALTER TABLE quarter_gpu_time RENAME COLUMN landlord TO cost_account;
ALTER TABLE day_gpu_time RENAME COLUMN landlord TO cost_account;
ALTER TABLE minute_gpu_time RENAME COLUMN held_ms TO allocated_ms;
ALTER TABLE quarter_gpu_time RENAME COLUMN held_ms TO allocated_ms;
ALTER TABLE day_gpu_time RENAME COLUMN held_ms TO allocated_ms;
ALTER TABLE minute_doubts RENAME TO minute_uncertainty;
ALTER TABLE quarter_doubts RENAME TO quarter_uncertainty;
ALTER TABLE day_doubts RENAME TO day_uncertainty;
