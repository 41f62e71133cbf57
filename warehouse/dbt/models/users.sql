-- A user is the user_id of an event, or else the browser; events of visitors who did not agree to personalisation count for none.
with events as (
    select
        events.*,
        coalesce(user_id, anonymous_id) as person_id
    from {{ source('tidemark', 'events') }} as events
    where coalesce(consent_personalisation, 'granted') = 'granted'
)

select
    person_id as user_id,
    max(case when user_id is null then 0 else 1 end) = 1 as is_identified,
    count(distinct session_id) as session_count,
    count(distinct anonymous_id) as browser_count,
    count(*) as event_count,
    sum(case when type = 'page_view' then 1 else 0 end) as page_view_count,
    sum(case when type = 'click' then 1 else 0 end) as click_count,
    min(time) as first_seen_at,
    max(time) as last_seen_at
from events
group by person_id
