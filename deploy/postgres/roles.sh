#!/bin/sh
# The three databases and two roles of docs/stores.md. Run once by the database's image, when it is empty.
set -eu
psql --set=ON_ERROR_STOP=1 --username=postgres --set=inside="$FRICTION_PASSWORD" --set=web="$FRICTION_WEB_PASSWORD" <<'SQL'
CREATE ROLE friction LOGIN PASSWORD :'inside';
CREATE ROLE friction_web LOGIN PASSWORD :'web';
CREATE DATABASE friction_scores OWNER friction;
CREATE DATABASE friction_releases OWNER friction;
CREATE DATABASE friction_operations OWNER friction;
REVOKE ALL ON DATABASE friction_scores FROM PUBLIC;
REVOKE ALL ON DATABASE friction_releases FROM PUBLIC;
REVOKE ALL ON DATABASE friction_operations FROM PUBLIC;
GRANT CONNECT ON DATABASE friction_releases TO friction_web;
GRANT CONNECT ON DATABASE friction_operations TO friction_web;
\connect friction_releases
GRANT USAGE ON SCHEMA public TO friction_web;
ALTER DEFAULT PRIVILEGES FOR ROLE friction IN SCHEMA public GRANT SELECT ON TABLES TO friction_web;
\connect friction_operations
GRANT USAGE ON SCHEMA public TO friction_web;
ALTER DEFAULT PRIVILEGES FOR ROLE friction IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO friction_web;
ALTER DEFAULT PRIVILEGES FOR ROLE friction IN SCHEMA public GRANT USAGE ON SEQUENCES TO friction_web;
SQL
