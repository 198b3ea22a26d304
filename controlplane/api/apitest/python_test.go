package apitest

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

const pythonByEmail = `
import signalbox.management as fom

ann, bob = "Ann@example.net", "bob@example.net"
assert fom.get_user(ann).email == "ann@example.net"
fom.set_user_role(ann, fom.COLLABORATOR)
group = fom.create_user_group("people/of mine", users=[ann])
fom.add_users_to_group("people/of mine", bob)
fom.remove_users_from_group(group, [ann])
assert [u.email for u in fom.get_user_group("people/of mine").users] == [bob]
assert [g.name for g in fom.list_user_groups_for_user(bob)] == ["people/of mine"]
fom.update_user_group(group, users=[ann, bob])

fom.client.api().post("/datasets", {"name": "cats/dogs", "default_permission": "none"})
fom.set_dataset_user_permission("cats/dogs", ann, fom.EDIT)
fom.set_dataset_user_group_permission("cats/dogs", group, fom.TAG)
assert fom.get_permissions_for_dataset_user("cats/dogs", ann) is fom.EDIT
assert fom.get_permissions(dataset_name="cats/dogs", user=bob)[0].reason
assert {p.dataset_name: p.permission for p in fom.get_permissions_for_user(bob)}["cats/dogs"] is fom.TAG
assert [p.permission for p in fom.get_permissions(user_group="people/of mine")] == [fom.TAG]
for call in (fom.get_user, fom.delete_user, fom.get_permissions_for_user):
    try:
        call("nobody@example.net")
    except fom.NotFoundError as e:
        assert e.status == 404, repr(e)
    else:
        raise AssertionError(call)

own = fom.whoami().email
fom.generate_api_key("mine", own)
assert "mine" in [k.name for k in fom.list_api_keys(own)]
fom.delete_user(ann)
assert ann.lower() not in [u.email for u in fom.list_users()]
`

// The binary's demonstration users have no email, so what it says about emails is tested here.
func TestThePythonPackageNamesPeopleByEmail(t *testing.T) {
	t.Parallel()
	o := setup(t)
	o.someone("ann", sb.Member)
	o.someone("bob", sb.Member)
	cmd := exec.CommandContext(t.Context(), "python3", "-c", pythonByEmail)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PYTHONPATH=../../../sdk/python", "PYTHONDONTWRITEBYTECODE=1",
		"SIGNALBOX_URL=" + o.url, "SIGNALBOX_API_KEY=" + o.root.key,
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
