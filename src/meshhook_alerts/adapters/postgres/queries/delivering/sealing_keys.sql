-- By which keys stored secrets are sealed, and how many channels each; the key's name stands behind
-- a byte for the format and one for its length.
select convert_from(substring(secrets from 3 for get_byte(secrets, 1)), 'SQL_ASCII') as key, count(*)::int
from public.alert_channels where length(secrets) > 2
group by 1 order by 1
