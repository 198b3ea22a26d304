package process_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	sb "signalbox"
)

func TestProgramThatCannotBeStarted(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		command string
		content string // of run.sh in the plugin's folder
		mode    os.FileMode
		says    string
	}{
		{"not on the PATH", "foo", "", 0, `The operator's program "foo" was not found on the worker's PATH (/usr/bin:/bin). Install it`},
		{"in the plugin's folder, which is not searched", "run.sh", "", 0o755, "not found on the worker's PATH"},
		{"not in the plugin's folder", "./foo", "", 0, `"./foo" was not found in the plugin's folder`},
		{"not at its absolute path", "/there/is/no/foo", "", 0, `"/there/is/no/foo" was not found on the worker`},
		{"without execute bit", "./run.sh", "#!/bin/sh\n", 0o644, `"./run.sh" may not be executed: it is a folder or has no execute bit`},
		{"a folder", "./", "", 0o644, "it is a folder or has no execute bit"},
		{"with an interpreter that is not there", "./run.sh", "#! /usr/bin/foo -x\n", 0o755, `wants the interpreter "/usr/bin/foo"`},
		{"with line ends of Windows", "./run.sh", "#!/bin/sh\r\n", 0o755, "line ends of Windows"},
		{"without interpreter", "./run.sh", "echo hello\n", 0o755, "#!/bin/sh"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			job := shell(t, "")
			job.Command, job.Env = []string{c.command}, []string{"PATH=/usr/bin:/bin"}
			require.NoError(t, os.WriteFile(filepath.Join(job.Dir, "run.sh"), []byte(c.content), c.mode))
			_, err := executor(0).Execute(t.Context(), job, func() { t.Error("it has not begun") })
			require.Equal(t, sb.Invalid, sb.CodeOf(err))
			require.ErrorContains(t, err, c.says)
		})
	}
}
