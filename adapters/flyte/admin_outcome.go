package flyte

import (
	"context"
	"encoding/json"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// onlyOutput is what flytekit calls the output of a function that returns one value.
const onlyOutput = "o0"

// outcome reads the outputs of an execution that ended well, and the error of another.
func (f *admin) outcome(ctx context.Context, at sb.Place) (sb.Outcome, error) {
	e, err := f.execution(ctx, outbound.Polls, at.Name)
	if err != nil {
		return sb.Outcome{}, err
	}
	c := e.closure()
	seen, _ := sight(c)
	o := sb.Outcome{Completed: seen == sb.SeenSucceeded, Source: sb.MainSource}
	if at := ended(c); at != nil {
		o.At = *at
	}
	switch {
	case !seen.Over():
		return o, sb.Errorf(sb.Conflict, "the execution has not ended in Flyte")
	case o.Completed:
		return o, f.outputs(ctx, at.Name, c, &o)
	}
	o.Message, o.Stack = failure(c)
	return o, nil
}

// outputs reads what an execution returned. FlyteAdmin gives nothing, and no error, for outputs that are too large for it.
func (f *admin) outputs(ctx context.Context, name string, closure object, o *sb.Outcome) error {
	said, err := f.get(ctx, nil, append([]string{"data"}, f.here("executions", name)...)...)
	if sb.CodeOf(err) == sb.TooLarge || sb.CodeOf(err) == sb.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	values := valuesOf(said.object("full_outputs").entries("literals"))
	if len(values) == 0 {
		if uri := closure.object("outputs").text("uri"); uri != "" && closure.object("outputs").raw("values") == nil {
			o.Message = "Flyte does not give the outputs by its API; they lie at " + uri
		}
		return nil
	}
	var whole any = values
	if one, has := values[onlyOutput]; has && len(values) == 1 {
		whole = one
	}
	if o.Result, err = json.Marshal(whole); err != nil {
		o.Message = "the outputs hold what JSON cannot say; they are left in Flyte"
	}
	return nil
}

// failure puts an error of Flyte into words. Its message holds the traceback of Python, where there is one.
func failure(c object) (message, stack string) {
	if abort := c.object("abort_metadata"); abort != nil {
		return "it was terminated in Flyte: " + abort.text("cause"), ""
	}
	e := c.object("error")
	said := e.text("message")
	code, _, _ := strings.Cut(e.text("code"), "|")
	message = headline(code, said)
	if e.text("kind") == "SYSTEM" {
		message += " (an error of Flyte's own, not of the task)"
	}
	return message, trace(said)
}

const pythonTrace = "Traceback (most recent call last):"

// headline is what the error is about: the last line of a traceback, else the first of the message.
func headline(code, said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	line := lines[0]
	if strings.Contains(said, pythonTrace) {
		line = lastOfTrace(lines)
	}
	if code == "" {
		return line
	}
	return code + ": " + strings.TrimSpace(line)
}

// lastOfTrace is the line that names the exception.
func lastOfTrace(lines []string) string {
	inside := false
	last := lines[0]
	for _, line := range lines {
		if strings.Contains(line, pythonTrace) {
			inside = true
			continue
		}
		if inside && strings.TrimSpace(line) != "" && !strings.HasPrefix(line, " ") {
			last, inside = line, false
		}
	}
	return last
}

func trace(said string) string {
	if i := strings.Index(said, pythonTrace); i >= 0 {
		return strings.TrimSpace(said[i:])
	}
	if strings.Contains(strings.TrimSpace(said), "\n") {
		return strings.TrimSpace(said)
	}
	return ""
}
