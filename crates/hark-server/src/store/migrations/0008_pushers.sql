-- Pushers: which devices are woken, and through which gateway.

CREATE TABLE pushers (
    user_id             TEXT    NOT NULL, -- who is told
    app_id              TEXT    NOT NULL, -- the app that is woken
    pushkey             TEXT    NOT NULL, -- what the gateway knows the device by
    device_id           TEXT    NOT NULL, -- the device that set it, with which it goes
    app_display_name    TEXT    NOT NULL, -- as the client wrote it
    device_display_name TEXT    NOT NULL, -- as the client wrote it
    profile_tag         TEXT,             -- as the client wrote it
    lang                TEXT    NOT NULL, -- as the client wrote it
    url                 TEXT    NOT NULL, -- the gateway
    data                TEXT    NOT NULL, -- what the gateway is handed besides: JSON, with the format, without the url
    set_ms              INTEGER NOT NULL, -- when it was set, ms
    pos                 INTEGER NOT NULL, -- up to where in the log the gateway was told
    badge               INTEGER,          -- how much waited when it was told last; null: it was told nothing
    PRIMARY KEY (user_id, app_id, pushkey)
) STRICT, WITHOUT ROWID;

CREATE INDEX pushers_by_key ON pushers (app_id, pushkey);
