{{ config(severity='warn') }}

-- Vectors of which the log has no event. Their events have expired, if vectors are kept for longer.
select vectors.id
from {{ source('tidemark', 'vectors') }} as vectors
left join {{ ref('sessions') }} as sessions on vectors.id = sessions.session_id
where sessions.session_id is null
