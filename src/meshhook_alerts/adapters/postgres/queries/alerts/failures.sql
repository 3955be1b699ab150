-- Failures, each with what it was. (See list.sql.)
select failure.project_id, failure.source_ref, failure.source_time, failure.noticed_at, failure.withdrawn_at,
       failure.run_id, fold.alert_id, fold.kind, fold.workflow, fold.node_id, fold.severity, fold.http_status,
       fold.error_class, fold.sample as error
from public.alert_failures failure
join public.alert_folds fold on fold.id = failure.fold_id
where /*where*/ true
