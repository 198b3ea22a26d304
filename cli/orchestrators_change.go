package cli

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	sb "signalbox"
	"signalbox/client"
)

// orchestratorFlags say what an orchestrator becomes. A credential is no argument: those show in the shell's history and to
// everybody on the machine.
type orchestratorFlags struct {
	kind, name, config, routes string
	file                       string
	settings, secrets, files   []string
	forget, to                 []string
	quota                      int
	enabled                    bool
}

// flags are those of adding and of changing; enabled is what it is unless it is said.
func (f *orchestratorFlags) flags(cmd *cobra.Command, enabled bool) *cobra.Command {
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "all of its config: a JSON object, a file that holds one, or - for standard input")
	flags.StringArrayVarP(&f.settings, "set", "s", nil, "one setting of its config as name=value, such as url=https://airflow.example.org")
	flags.StringArrayVar(&f.secrets, "secret", nil, "name of a credential whose value is asked for, or read from standard input, such as password")
	flags.StringArrayVar(&f.files, "secret-file", nil, "a credential as name=file; the end of the file's last line does not belong to it")
	flags.StringVar(&f.routes, "routes", "", "all routes: a JSON array, a file that holds one, or - for standard input")
	flags.StringArrayVar(&f.to, "route", nil, "a route as operators=target, such as @acme/*=my_dag; operators are separated by commas.\n"+
		"The target is a DAG, or a launch plan as name or name@version; a task of Flyte is task:name@version. All routes, in order")
	flags.IntVar(&f.quota, "quota", 0, "how many runs may hold a slot at once")
	flags.BoolVar(&f.enabled, "enabled", enabled, "whether it takes work; =false: new runs wait, what was admitted goes on")
	return cmd
}

func (a *app) orchestratorsAdd() *cobra.Command {
	var f orchestratorFlags
	cmd := f.flags(a.verb("add [NAME]", "Register an Airflow or Flyte; its credentials are asked for, or read from files", needs("[NAME]"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			p, err := f.whole(a, cmd, args)
			if err != nil {
				return err
			}
			o, err := api.Orchestrators.Create(cmd.Context(), p)
			return a.orchestrator(o, err)
		}), true)
	cmd.Flags().StringVar(&f.kind, "kind", "airflow", "airflow or flyte")
	cmd.Flags().StringVar(&f.file, "file", "", "all of it: a JSON object as the API takes it, a file that holds one, or - for standard input")
	return cmd
}

// whole is all of a new orchestrator: what the file says, and flags on top.
func (f *orchestratorFlags) whole(a *app, cmd *cobra.Command, args []string) (p client.OrchestratorPatch, err error) {
	if f.file != "" {
		text, err := document(cmd, a.Stdin, "--file", f.file)
		if err != nil {
			return p, err
		}
		if err := fill(cmd, "--file", text, &p, "a JSON object with name, kind, config, secrets and routes"); err != nil {
			return p, err
		}
	}
	if p.Kind == "" || cmd.Flags().Changed("kind") {
		p.Kind = sb.OrchestratorKind(f.kind)
	}
	if len(args) > 0 {
		p.Name = args[0]
	}
	if p.Name == "" {
		return p, misuse(cmd, "name it: signalbox orchestrators add NAME")
	}
	said, err := f.patch(a, cmd, p.Kind, p.Config)
	if err != nil {
		return p, err
	}
	return onTop(p, said), nil
}

// onTop is what one patch says, and another where it says something.
func onTop(p, said client.OrchestratorPatch) client.OrchestratorPatch {
	if said.Quota != nil {
		p.Quota = said.Quota
	}
	if said.Enabled != nil {
		p.Enabled = said.Enabled
	}
	if said.Config != nil {
		p.Config = said.Config
	}
	if said.Routes != nil {
		p.Routes = said.Routes
	}
	for name, value := range said.Secrets {
		if p.Secrets == nil {
			p.Secrets = map[string]json.RawMessage{}
		}
		p.Secrets[name] = value
	}
	return p
}

func (a *app) orchestratorsSet() *cobra.Command {
	var f orchestratorFlags
	cmd := f.flags(a.verb("set ORCHESTRATOR", "Change an orchestrator: its quota, config, credentials, routes, or whether it takes work", needs("ORCHESTRATOR"),
		func(cmd *cobra.Command, api *client.Client, args []string) error {
			o, err := f.now(cmd, api, args[0])
			if err != nil {
				return err
			}
			p, err := f.patch(a, cmd, o.Kind, o.Config)
			if err != nil {
				return err
			}
			p.Name = f.name
			o, err = api.Orchestrators.Patch(cmd.Context(), args[0], p)
			return a.orchestrator(o, err)
		}), false)
	cmd.Flags().StringVar(&f.name, "name", "", "another name")
	cmd.Flags().StringArrayVar(&f.forget, "forget-secret", nil, "name of a credential to take away")
	return cmd
}

// now reads an orchestrator as it is where that is needed to say what it becomes.
func (f *orchestratorFlags) now(cmd *cobra.Command, api *client.Client, name string) (o client.Orchestrator, err error) {
	given := false
	for _, flag := range []string{"quota", "enabled", "config", "set", "secret", "secret-file", "forget-secret", "routes", "route", "name"} {
		given = given || cmd.Flags().Changed(flag)
	}
	if !given {
		return o, misuse(cmd, "say what to change, such as --quota or --enabled=true|false")
	}
	if err := f.formed(cmd); err != nil {
		return o, err
	}
	if len(f.settings) == 0 && len(f.to) == 0 {
		return o, nil
	}
	return api.Orchestrators.Get(cmd.Context(), name)
}

// formed refuses what can be seen to be wrong before anybody is asked.
func (f *orchestratorFlags) formed(cmd *cobra.Command) error {
	_, err := f.said(cmd)
	if err != nil {
		return err
	}
	_, err = f.shortRoutes(cmd, "")
	return err
}

// said is what single settings say.
func (f *orchestratorFlags) said(cmd *cobra.Command) (map[string]json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	for _, one := range f.settings {
		name, value, ok := strings.Cut(one, "=")
		if !ok || name == "" {
			return nil, misuse(cmd, "--set is name=value, not %q", one)
		}
		all[name] = valueOf(value)
	}
	return all, nil
}

// patch is what the flags say, settings on top of the config as it is.
func (f *orchestratorFlags) patch(a *app, cmd *cobra.Command, kind sb.OrchestratorKind, config json.RawMessage) (p client.OrchestratorPatch, err error) {
	p.Quota, p.Enabled = set(cmd.Flags().Changed("quota"), f.quota), set(cmd.Flags().Changed("enabled"), f.enabled)
	if p.Config, err = f.newConfig(a, cmd, config); err != nil {
		return p, err
	}
	if p.Routes, err = f.newRoutes(a, cmd, kind); err != nil {
		return p, err
	}
	p.Secrets, err = f.newSecrets(a, cmd)
	return p, err
}

func (f *orchestratorFlags) newConfig(a *app, cmd *cobra.Command, now json.RawMessage) (json.RawMessage, error) {
	if f.config == "" && len(f.settings) == 0 {
		return nil, nil
	}
	all := map[string]json.RawMessage{}
	if f.config != "" {
		text, err := document(cmd, a.Stdin, "--config", f.config)
		if err != nil {
			return nil, err
		}
		now = text
	}
	if len(now) > 0 {
		if err := json.Unmarshal(now, &all); err != nil || all == nil {
			return nil, misuse(cmd, `--config must hold a JSON object, such as {"url": "https://airflow.example.org"}`)
		}
	}
	said, err := f.said(cmd)
	if err != nil {
		return nil, err
	}
	maps.Copy(all, said)
	return encode(all)
}

func (f *orchestratorFlags) newSecrets(a *app, cmd *cobra.Command) (map[string]json.RawMessage, error) {
	secrets := map[string]json.RawMessage{}
	for _, name := range f.forget {
		secrets[name] = json.RawMessage("null")
	}
	for _, name := range f.secrets {
		if strings.Contains(name, "=") {
			return nil, misuse(cmd, "--secret takes only a name: the value is asked for, or comes from standard input or --secret-file")
		}
		value, err := a.secretValue(name, "")
		if err != nil {
			return nil, err
		}
		if secrets[name], err = encode(value); err != nil {
			return nil, err
		}
	}
	for _, one := range f.files {
		name, file, ok := strings.Cut(one, "=")
		if !ok || name == "" || file == "" {
			return nil, misuse(cmd, "--secret-file is name=file, not %q", one)
		}
		value, err := a.secretValue(name, file)
		if err != nil {
			return nil, err
		}
		if secrets[name], err = credential(name, value); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// credential is a value as it is sent: text, or the object that headers are.
func credential(name, value string) (json.RawMessage, error) {
	if name == "headers" && json.Valid([]byte(value)) {
		return json.RawMessage(value), nil
	}
	return encode(value)
}
