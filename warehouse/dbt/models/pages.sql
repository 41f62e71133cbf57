select
    view_path as page,
    count(distinct session_id) as session_count,
    sum(case when type = 'page_view' then 1 else 0 end) as page_view_count,
    sum(case when type = 'click' then 1 else 0 end) as click_count,
    min(time) as first_seen_at,
    max(time) as last_seen_at
from {{ source('tidemark', 'events') }}
where view_path is not null and view_path <> ''
group by view_path
