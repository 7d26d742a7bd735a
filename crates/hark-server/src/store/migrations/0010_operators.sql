-- What whoever runs the server decides.

ALTER TABLE registration_tokens ADD COLUMN expires_ms INTEGER; -- when it ends, ms; null: never
ALTER TABLE rooms ADD COLUMN purged_ms INTEGER;                -- when what was said in it was deleted for good, ms; null: not
