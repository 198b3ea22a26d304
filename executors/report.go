package executors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	sb "signalbox"
)

// reporter says through the work API what work without a process of its own has to say, without its secrets.
type reporter struct{ a *attempt }

var _ sb.Reporter = reporter{}

// Progress is sent once: the next one makes up for a lost one.
func (r reporter) Progress(ctx context.Context, fraction float64, label string) error {
	return r.a.API.Progress(ctx, r.a.process.Run, r.a.Token, sb.ProgressRequest{Fraction: &fraction, Label: r.a.mask.Text(label)})
}

// Complete is repeated until it is answered. That the run is over is no error.
func (r reporter) Complete(ctx context.Context, result json.RawMessage) error {
	return r.say(ctx, func(ctx context.Context) error {
		return r.a.API.Complete(ctx, r.a.process.Run, r.a.Token, sb.CompleteRequest{Result: r.a.mask.JSON(result)})
	})
}

// Fail is repeated until it is answered. That the run is over is no error.
func (r reporter) Fail(ctx context.Context, message, stack string) error {
	return r.say(ctx, func(ctx context.Context) error {
		return r.a.API.Fail(ctx, r.a.process.Run, r.a.Token, sb.FailRequest{Message: r.a.mask.Text(message), Stack: r.a.mask.Text(stack)})
	})
}

func (r reporter) say(ctx context.Context, call func(context.Context) error) error {
	if err := persist(ctx, callMost, call); sb.CodeOf(err) != sb.RunOver {
		return err
	}
	return nil
}

// report sends the result file of work that exited well. Work that has reported by itself is not overruled: the
// refusal is its sign.
func (a *attempt) report(ctx context.Context, end sb.End) {
	if end.ExitCode == nil || *end.ExitCode != 0 {
		return
	}
	result, err := readResult(a.resultFile(), a.Owner)
	switch {
	case errors.Is(err, fs.ErrNotExist) && a.Command != nil:
		return
	case errors.Is(err, fs.ErrNotExist): // FiftyOne's runtime reports by itself, so this is refused unless it did not
		err = reporter{a}.Fail(ctx, "The operator's process ended with exit status 0 before the operator had.", "")
		if sb.CodeOf(err) == sb.Conflict {
			return
		}
	case err != nil:
		err = reporter{a}.Fail(ctx, message(err), "")
	default:
		err = reporter{a}.Complete(ctx, result)
	}
	if sb.CodeOf(err) == sb.TooLarge || sb.CodeOf(err) == sb.Invalid {
		err = reporter{a}.Fail(ctx, "The result was refused: "+message(err), "")
	}
	if err != nil {
		a.log.WithError(err).Info("The result file was not taken.")
	}
}

// readResult reads a result file as JSON. Numbers that JSON does not have are written as relaxed extended JSON.
func readResult(path string, owner *Owner) (json.RawMessage, error) {
	// No link to what only the worker may read, and no pipe that nobody writes to.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, sb.Errorf(sb.Invalid, "The result is not a file.")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || !owner.has(info) {
		return nil, sb.Errorf(sb.Invalid, "The result is not a file.")
	}
	if info.Size() > sb.MaxResult {
		return nil, sb.Errorf(sb.TooLarge, "The result has %d bytes; at most %d are kept.", info.Size(), sb.MaxResult)
	}
	b, err := io.ReadAll(io.LimitReader(f, sb.MaxResult))
	if err != nil {
		return nil, sb.Wrap(err, sb.Internal, "The result could not be read.")
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, fs.ErrNotExist
	}
	if b = relaxed(b); !json.Valid(b) {
		return nil, sb.Errorf(sb.Invalid, "The result is not JSON.")
	}
	return b, nil
}

// has tells whether a file is the operators': one of another account may be a hard link to what they cannot read.
func (o *Owner) has(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return o == nil || ok && int(stat.Uid) == o.UID
}

// notJSON are the numbers that Python writes and JSON does not have, with what MongoDB's relaxed extended JSON writes
// for them. The longer of two that begin alike comes first.
var notJSON = []struct{ from, to string }{
	{"NaN", `{"$numberDouble":"NaN"}`},
	{"-Infinity", `{"$numberDouble":"-Infinity"}`},
	{"Infinity", `{"$numberDouble":"Infinity"}`},
}

// relaxed replaces NaN and the infinities outside of strings.
func relaxed(b []byte) []byte {
	if !bytes.Contains(b, []byte("NaN")) && !bytes.Contains(b, []byte("Infinity")) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	inString := false
	for i := 0; i < len(b); i++ {
		if !inString {
			if from, to := numberAt(b[i:]); from != "" {
				out = append(out, to...)
				i += len(from) - 1
				continue
			}
		}
		switch {
		case b[i] == '"':
			inString = !inString
		case b[i] == '\\' && inString && i+1 < len(b):
			out = append(out, b[i])
			i++
		}
		out = append(out, b[i])
	}
	return out
}

func numberAt(b []byte) (from, to string) {
	for _, n := range notJSON {
		if bytes.HasPrefix(b, []byte(n.from)) {
			return n.from, n.to
		}
	}
	return "", ""
}
