-- A difference between the events of the log and those of all sessions.
select events.total, sessions.total as in_sessions
from (select count(*) as total from {{ source('tidemark', 'events') }}) as events
cross join (select sum(event_count) as total from {{ ref('sessions') }}) as sessions
where events.total <> sessions.total
