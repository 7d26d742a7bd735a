-- What of the account's push rules concerns whole rooms: which messages somebody is told of (NO1).

CREATE TABLE push_levels (
    scope TEXT NOT NULL PRIMARY KEY,           -- room id; 'person' and 'group': rooms without a row; 'everything'
    level TEXT NOT NULL                        -- all, mentions, none
) STRICT, WITHOUT ROWID;
