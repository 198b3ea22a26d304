"""Walks every function of the management package against the server that the environment names, as its admin.

The tests from end to end run it against a real server with demonstration users; it is no test of its own.
"""

from __future__ import annotations

import os
import tempfile
import unittest
import zipfile
from pathlib import Path

import signalbox.management as fom

PLUGIN = "@ours/walk"
MANIFEST = f"name: '{PLUGIN}'\nversion: '1.0'\noperators: [count, tidy]\n"


def plugin(folder: str) -> str:
    """Write a plugin's folder."""
    (Path(folder) / "__pycache__").mkdir()
    (Path(folder) / "__pycache__" / "left.pyc").write_text("left out")
    (Path(folder) / "fiftyone.yml").write_text(MANIFEST)
    (Path(folder) / "__init__.py").write_text("def register(p):\n    pass\n")
    return folder


def dataset(name: str) -> str:
    """Make a dataset; this package has no function for it, as FiftyOne's has none."""
    fom.client.api().post("/datasets", {"name": name})
    return name


class Walk(unittest.TestCase):
    """Each noun once, from nothing to nothing."""

    def person(self) -> fom.User:
        """Give a user who is no admin."""
        return next(u for u in fom.list_users() if u.role is not fom.ADMIN)

    def test_connection(self) -> None:
        """A key that is not valid is told, and never repeated."""
        fom.test_api_connection()
        right = os.environ["SIGNALBOX_API_KEY"]
        try:
            os.environ["SIGNALBOX_API_KEY"] = "sbk_wrong"
            fom.reload_api_connection()
            with self.assertRaises(fom.AuthenticationError) as caught:
                fom.test_api_connection()
            self.assertNotIn("sbk_wrong", str(caught.exception) + repr(fom.client.api()))
        finally:
            os.environ["SIGNALBOX_API_KEY"] = right
            fom.reload_api_connection()

    def test_users(self) -> None:
        """Users by id, email and object."""
        user = self.person()
        for same in filter(None, (user, user.id, user.email, user.email.upper())):
            self.assertEqual(fom.get_user(same), user)
        with self.assertRaisesRegex(fom.ConflictError, "login provider"):
            fom.set_user_role(user, fom.GUEST)
        free = next(u for u in fom.list_users() if u.role_locked_by is None)
        fom.set_user_role(free, free.role.name)
        self.assertIs(fom.get_user(free).role, free.role)
        for nobody in ("nobody@example.com", "nobody"):
            with self.assertRaises(fom.NotFoundError):
                fom.get_user(nobody)
        with self.assertRaises(fom.InvalidError):
            fom.set_user_role(user, fom.EDIT)
        self.assertRaises(fom.ManagementError, fom.delete_user, "nobody@example.com")

    def test_whoami(self) -> None:
        """The admin's key belongs to a user, or else that is said."""
        try:
            self.assertIs(fom.whoami().role, fom.ADMIN)
        except fom.NotFoundError as e:
            self.assertIn("service account", str(e))

    def test_zz_delete_user(self) -> None:
        """Goes last: what the others did with users is done."""
        user = self.person()
        fom.delete_user(user)
        self.assertNotIn(user.id, [u.id for u in fom.list_users(verbose=False)])

    def test_invitations(self) -> None:
        """Somebody is invited, and the invitation is taken back."""
        id = fom.send_user_invitation("new@example.com", fom.MEMBER)
        pending = {i.id: i for i in fom.list_pending_invitations()}
        self.assertEqual((pending[id].email, pending[id].role), ("new@example.com", fom.MEMBER))
        fom.delete_user_invitation(id)
        self.assertNotIn(id, [i.id for i in fom.list_pending_invitations()])
        name = dataset("walk-invited")
        fom.set_dataset_user_permission(name, "newer@example.com", fom.VIEW, invite=True)
        self.assertIn("newer@example.com", [i.email for i in fom.list_pending_invitations()])
        default = fom.get_organization_settings().default_user_role
        sent = fom.invite_user("newest@example.com")
        self.assertEqual((sent.role, sent.mailed, sent.mail_error), (default, False, None))
        self.assertIn("/auth/invitation?token=sbi_", sent.link)
        shared = fom.invite_to_dataset(name, "newest@example.com", "tag")
        self.assertIs(shared.role, fom.LABELER)
        self.assertLessEqual({sent.id, shared.id}, {i.id for i in fom.list_pending_invitations()})
        with self.assertRaises(fom.InvalidError):
            fom.invite_to_dataset(name, "newest@example.com", fom.NO_ACCESS)
        with self.assertRaises(fom.InvalidError):
            fom.send_user_invitation("nobody", fom.MEMBER)
        with self.assertRaises(fom.NotFoundError):
            fom.delete_user_invitation("none")

    def test_groups(self) -> None:
        """Groups by id, name and object."""
        user, account = self.person(), fom.create_service_account("walk-member", fom.MEMBER)
        group = fom.create_user_group("walk-group", "Walkers", [user.id])
        self.assertEqual([u.id for u in group.users], [user.id])
        for same in (group, group.id, group.name):
            self.assertEqual(fom.get_user_group(same), group)
        self.assertIn(group.id, [g.id for g in fom.list_user_groups_for_user(user)])
        fom.add_users_to_group("walk-group", [account, user])
        self.assertEqual(fom.get_user_group(group).member_count, 2)
        fom.remove_users_from_group(group, account)
        changed = fom.update_user_group(group, name="walkers", description="", users=[account])
        self.assertEqual((changed.name, changed.description, changed.users[0].id), ("walkers", "", account.id))
        self.assertEqual(fom.list_user_groups(num_groups=0), [])
        self.assertIn(changed, fom.list_user_groups(verbose=True))
        fom.delete_user_group("walkers")
        with self.assertRaises(fom.NotFoundError):
            fom.get_user_group(group)
        with self.assertRaises(fom.NotFoundError):
            fom.get_user_group("walkers")
        fom.delete_service_account(account)

    def test_service_accounts_and_keys(self) -> None:
        """A service account with a key, and a key of one's own."""
        made = fom.create_service_account("walk-account", fom.MEMBER, "Walks")
        self.assertEqual(fom.get_service_account("walk-account"), made)
        self.assertIn(made, fom.list_service_accounts())
        changed = fom.update_service_account(made, description="Runs")
        self.assertEqual((changed.name, changed.description), ("walk-account", "Runs"))
        key = fom.generate_api_key("walk", made.name)
        self.assertTrue(key.startswith("sbk_"))
        (known,) = fom.list_api_keys(made)
        self.assertEqual(known.name, "walk")
        fom.delete_api_key(known.id, made)
        self.assertEqual(fom.list_api_keys(made.id), [])
        fom.generate_api_key("walk-own")
        (own,) = [k for k in fom.list_api_keys() if k.name == "walk-own"]
        fom.delete_api_key(own)
        with self.assertRaises(fom.InvalidError):
            fom.generate_api_key("walk", self.person())
        fom.delete_service_account(made)
        with self.assertRaises(fom.NotFoundError):
            fom.get_service_account(made)

    def test_datasets(self) -> None:
        """Grants to a user and to a group, and what holds in the end."""
        name, group = dataset("walk / data"), fom.create_user_group("walk-sharers")
        user = fom.create_service_account("walk-user", fom.MEMBER)
        fom.set_dataset_default_permission(name, fom.NO_ACCESS)
        self.assertIs(fom.get_permissions_for_dataset_user(name, user), fom.NO_ACCESS)
        fom.set_dataset_user_permission(name, user, fom.EDIT)
        fom.set_dataset_user_group_permission(name, group, "VIEW")
        self.assertIs(fom.get_permissions_for_dataset_user(name, user.id), fom.EDIT)
        self.assertIs(fom.get_permissions_for_dataset_user_group(name, "walk-sharers"), fom.VIEW)
        found = fom.get_permissions_for_dataset(name)
        self.assertEqual([p.user_group.id for p in found if p.user_group], [group.id])
        self.assertEqual([p.permission for p in found if p.user and p.user.id == user.id], [fom.EDIT])
        self.assertFalse([p for p in fom.get_permissions_for_dataset(name, include_groups=False) if p.user_group])
        self.assertEqual(
            [p.permission for p in fom.get_permissions_for_user(user) if p.dataset_name == name], [fom.EDIT]
        )
        self.assertEqual([p.dataset_name for p in fom.get_permissions_for_user_group(group)], [name])
        self.assertEqual(fom.get_permissions(dataset_name=name), found)
        self.assertEqual([p.permission for p in fom.get_permissions(dataset_name=name, user=user)], [fom.EDIT])
        self.assertEqual([p.permission for p in fom.get_permissions(dataset_name=name, user_group=group)], [fom.VIEW])
        self.assertTrue(fom.get_permissions(user=user) and fom.get_permissions(user_group=group))
        fom.remove_dataset_user_group_permission(name, group)
        fom.delete_dataset_user_permission(name, user)
        self.assertIs(fom.get_permissions_for_dataset_user(name, user), fom.NO_ACCESS)
        self.assertEqual(fom.get_permissions_for_user_group(group), [])
        self.assertEqual(fom.get_dataset_creator(name).id, fom.people.me()["id"])
        for wrong in ({}, {"user": user, "user_group": group}):
            with self.assertRaises(fom.InvalidError):
                fom.get_permissions(**wrong)
        fom.delete_user_group(group)
        fom.delete_service_account(user)

    def test_a_member_shares_what_is_his(self) -> None:
        """Who manages a dataset needs no right to see users and groups."""
        owner = fom.create_service_account("walk-owner", fom.MEMBER)
        guest = next(u for u in fom.list_users() if u.role is fom.GUEST)
        group = fom.create_user_group("walk-friends")
        admin, os.environ["SIGNALBOX_API_KEY"] = os.environ["SIGNALBOX_API_KEY"], fom.generate_api_key("walk", owner)
        try:
            fom.reload_api_connection()
            name = dataset("walk-owned")
            fom.set_dataset_default_permission(name, "none")
            fom.set_dataset_user_permission(name, guest, fom.VIEW)
            fom.set_dataset_user_group_permission(name, "walk-friends", fom.TAG)
            self.assertIs(fom.get_permissions_for_dataset_user(name, guest.id), fom.VIEW)
            self.assertIs(fom.get_permissions_for_dataset_user_group(name, group), fom.TAG)
            self.assertEqual(3, len([p for p in fom.get_permissions(dataset_name=name) if "admin" not in p.reason]))
            fom.delete_dataset_user_permission(name, guest)
            fom.remove_dataset_user_group_permission(name, group.id)
            self.assertEqual([], fom.get_permissions(dataset_name=name, user=guest))
            with self.assertRaises(fom.NotFoundError):
                fom.set_dataset_user_permission(name, "nobody@example.com", fom.VIEW)
            with self.assertRaises(fom.ForbiddenError):
                fom.list_users()
        finally:
            os.environ["SIGNALBOX_API_KEY"] = admin
            fom.reload_api_connection()
        fom.delete_user_group(group)
        fom.delete_service_account(owner)

    def test_secrets(self) -> None:
        """A secret's value never comes back."""
        fom.add_secret("WALK_SECRET", "hush-hush", "For walks")
        with self.assertRaises(fom.ConflictError) as caught:
            fom.add_secret("WALK_SECRET", "hush-hush")
        self.assertNotIn("hush-hush", str(caught.exception) + repr(fom.list_secrets()))
        fom.update_secret("WALK_SECRET", value="hush-hush again", description="For runs")
        self.assertEqual(fom.get_secret_info("WALK_SECRET").description, "For runs")
        fom.delete_secret("WALK_SECRET")
        with self.assertRaises(fom.NotFoundError):
            fom.get_secret_info("WALK_SECRET")

    def test_orchestrators(self) -> None:
        """The builtin one is there and stays."""
        self.assertIn("builtin", fom.list_orchestrators(include_deactivated=True))
        found = fom.get_orchestrator("builtin")
        self.assertIs(found.environment, fom.OrchestratorEnvironment.BUILTIN)
        self.assertIn("@signalbox/imagestats/stats", found.available_operators)
        with self.assertRaises(fom.InvalidError):
            fom.delete_orchestrator("builtin")
        with self.assertRaises(fom.InvalidError) as caught:
            fom.register_orchestrator("there", "", fom.OrchestratorEnvironment.DATABRICKS, {"databricks": {"jobId": 1}})
        self.assertTrue(caught.exception.faults)
        with self.assertRaises(fom.NotHereYetError):
            fom.get_orchestrator("builtin", user="me")

    def test_an_airflow_is_registered_and_removed(self) -> None:
        """It need not answer for that, and its password is not shown."""
        config = {"airflow": {"url": "http://127.0.0.1:9", "username": "signalbox"}}
        secrets = {"airflow": {"password": "not shown"}}
        made = fom.register_orchestrator("prod", "", fom.OrchestratorEnvironment.AIRFLOW, config, secrets)
        self.assertEqual(fom.OrchestratorEnvironment.AIRFLOW, made.environment)
        self.assertEqual("http://127.0.0.1:9", made.config["url"])
        self.assertNotIn("not shown", repr(fom.get_orchestrator("prod")))
        self.assertIn("prod", fom.list_orchestrators())
        fom.delete_orchestrator("prod")
        self.assertNotIn("prod", fom.list_orchestrators())

    def test_a_form(self) -> None:
        """What a manifest says may be entered, and what is wrong with what was."""
        form = fom.get_operator_form("@signalbox/imagestats/stats", {"unheard_of": 1})
        self.assertIsNotNone(form.schema)
        self.assertTrue(form.faults)
        self.assertFalse(form.dynamic)

    def test_a_source_is_registered_changed_and_removed(self) -> None:
        """It need not answer for that, and its address is not shown."""
        made = fom.register_source("vision", "mongodb://user:not-shown@127.0.0.1:9/", "fiftyone")
        self.assertIs(fom.NO_ACCESS, made.default_permission)
        self.assertEqual(("builtin/default",), made.pools)
        self.assertFalse(made.intake)
        rules = [fom.SourceRule("builtin", operators=("@acme/*",))]
        changed = fom.update_source("vision", mirror=True, default_permission="view", rules=rules)
        self.assertEqual(tuple(rules), changed.rules)
        self.assertTrue(changed.mirror)
        self.assertEqual("vision", fom.get_source(made.id).name)
        self.assertIn("vision", [source.name for source in fom.list_sources()])
        self.assertNotIn("not-shown", repr(fom.get_source("vision")))
        with self.assertRaises(fom.InvalidError):
            fom.register_source("other", "http://127.0.0.1:9/", "fiftyone")
        fom.delete_source("vision")
        with self.assertRaises(fom.NotFoundError):
            fom.get_source("vision")

    def test_what_is_not_here_yet(self) -> None:
        """It says so."""
        for call in (
            lambda: fom.create_snapshot("d", "s", "why"),
            lambda: fom.list_snapshots("d"),
            lambda: fom.get_snapshot_info("d", "s"),
            lambda: fom.delete_snapshot("d", "s"),
            lambda: fom.archive_snapshot("d", "s"),
            lambda: fom.unarchive_snapshot("d", "s"),
            lambda: fom.revert_dataset_to_snapshot("d", "s"),
            lambda: fom.calculate_dataset_latest_changes_summary("d"),
            lambda: fom.get_dataset_latest_changes_summary("d"),
            lambda: fom.add_cloud_credentials("AWS", "keys", {}),
            lambda: fom.delete_cloud_credentials("AWS"),
            lambda: fom.list_cloud_credentials(),
        ):
            with self.assertRaisesRegex(fom.NotHereYetError, "yet"):
                call()

    def test_a_script_that_changes_its_import_alone(self) -> None:
        """Plugins and settings, as an admin's script of FiftyOne Enterprise handles them."""
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as target:
            plugin(folder)
            self.assertEqual(fom.upload_plugin(folder).name, PLUGIN)
            with self.assertRaises(fom.ConflictError):
                fom.upload_plugin(folder + "/")
            fom.upload_plugin(folder, overwrite=True, optimize=True)
            archive = fom.download_plugin(PLUGIN, target)
            with zipfile.ZipFile(archive) as z:
                self.assertEqual([n for n in z.namelist() if "pyc" in n], [])
            fom.upload_plugin(archive, overwrite=True)
        self.assertEqual(fom.get_plugin_info(PLUGIN).revision, 1, "the same files are no new revision")
        fom.set_plugin_enabled(PLUGIN, False)
        self.assertFalse(fom.get_plugin_info(PLUGIN).enabled)
        fom.set_plugin_enabled(PLUGIN, True)
        fom.set_plugin_operator_enabled(PLUGIN, "count", False)
        fom.set_plugin_operator_enabled(PLUGIN, "tidy", minimum_role=fom.MEMBER)
        fom.set_plugin_operator_enabled(PLUGIN, "tidy", minimum_dataset_permission=fom.EDIT)
        with self.assertRaisesRegex(fom.InvalidError, "is not a role"):
            fom.set_plugin_operator_enabled(PLUGIN, "tidy", minimum_role=fom.EDIT, minimum_dataset_permission=fom.EDIT)
        fom.set_plugin_operator_permissions(PLUGIN, "count", fom.ADMIN, fom.MANAGE)
        count, tidy = next(p for p in fom.list_plugins(include_builtin=True) if p.name == PLUGIN).operators
        self.assertFalse(count.enabled)
        self.assertEqual(count.permission, fom.OperatorPermission(fom.ADMIN, fom.MANAGE))
        self.assertEqual(tidy.permission, fom.OperatorPermission(fom.MEMBER, fom.EDIT))
        fom.delete_plugin(PLUGIN)
        with self.assertRaises(fom.NotFoundError):
            fom.get_plugin_info(PLUGIN)

        before = fom.get_organization_settings()
        fom.set_organization_settings(
            default_operator_minimum_role=fom.MEMBER, default_operator_minimum_dataset_permission=fom.EDIT
        )
        after = fom.get_organization_settings()
        self.assertIs(after.default_operator_minimum_role, fom.MEMBER)
        self.assertIs(after.default_operator_minimum_dataset_permission, fom.EDIT)
        self.assertEqual(after.api_key_roles, before.api_key_roles)
        fom.set_organization_settings(**vars(before))
        self.assertEqual(fom.get_organization_settings(), before)


if __name__ == "__main__":
    unittest.main()
