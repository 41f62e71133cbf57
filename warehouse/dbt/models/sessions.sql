with events as (
    select
        events.*,
        case when coalesce(consent_personalisation, 'granted') = 'granted' then user_id end as known_user_id,
        case when type = 'page_view' then row_number() over (partition by session_id, type order by time, arrival) end as view_from_first,
        case when type = 'page_view' then row_number() over (partition by session_id, type order by time desc, arrival desc) end as view_from_last
    from {{ source('tidemark', 'events') }} as events
),

sessions as (
    select
        session_id,
        min(anonymous_id) as anonymous_id,
        min(time) as started_at,
        max(time) as ended_at,
        count(*) as event_count,
        sum(case when type = 'page_view' then 1 else 0 end) as page_view_count,
        sum(case when type = 'click' then 1 else 0 end) as click_count,
        sum(case when type = 'custom' then 1 else 0 end) as custom_event_count,
        count(distinct nullif(view_path, '')) as page_count,
        max(case when view_from_first = 1 then view_path end) as entry_path,
        max(case when view_from_last = 1 then view_path end) as exit_path,
        max(traffic) as traffic
    from events
    group by session_id
),

last_users as (
    select
        session_id,
        known_user_id as user_id,
        row_number() over (partition by session_id order by time desc, arrival desc) as from_last
    from events
    where known_user_id is not null
),

last_vectors as (
    select
        id as session_id,
        closed_at,
        version,
        row_number() over (partition by id order by version desc) as from_last
    from {{ source('tidemark', 'vectors') }}
)

select
    sessions.*,
    last_users.user_id,
    last_vectors.closed_at,
    last_vectors.version as vector_version
from sessions
left join last_users
    on sessions.session_id = last_users.session_id and last_users.from_last = 1
left join last_vectors
    on sessions.session_id = last_vectors.session_id and last_vectors.from_last = 1
