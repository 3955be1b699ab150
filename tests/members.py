"""What MeshHook lacks yet: members with roles. Nothing but the one function that every policy rests on changes."""

from __future__ import annotations

from uuid import UUID, uuid4

from tests.line import World

_MEMBERS = """
create schema roles;
create table roles.members (project_id uuid, member uuid, role text);
grant usage on schema roles to public;
create or replace function meshhook_alerts.my_projects(wanted text) returns setof uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select id from public.projects where owner = meshhook_alerts.caller()
    union
    select project_id from roles.members
    where member = meshhook_alerts.caller() and (wanted = 'read' or role = 'editor');
end $$;
"""


async def members_of(world: World) -> tuple[UUID, UUID]:
    """A viewer and an editor of the project."""
    viewer, editor = uuid4(), uuid4()
    await world.execute(_MEMBERS)
    for member, role in ((viewer, "viewer"), (editor, "editor")):
        await world.execute(
            "insert into roles.members values (%s, %s, %s)", world.project_id, member, role
        )
    return viewer, editor
