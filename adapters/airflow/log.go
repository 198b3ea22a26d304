package airflow

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	sb "signalbox"
	"signalbox/adapters/outbound"
)

// Log opens the log of a task's try. It is what Airflow gives, text of Airflow 2 and JSON lines of Airflow 3, without the
// lines on where it was found, and with the traceback of an exception written out. See sb.Adapter.
func (a *Adapter) Log(ctx context.Context, at sb.Place, p sb.Part, try int) (io.ReadCloser, error) {
	if try < 1 {
		return nil, sb.Errorf(sb.NotFound, "the task has not been tried")
	}
	api, err := a.api(ctx)
	if err != nil {
		return nil, err
	}
	task, index := readSource(p.Source)
	c := get("dags", at.Target.DAG, "dagRuns", at.Name, "taskInstances", task, "logs", strconv.Itoa(try)).of(outbound.Details)
	c.query = map[string]string{"full_content": "true"}
	if index >= 0 {
		c.query["map_index"] = strconv.Itoa(index)
	}
	body, err := a.stream(ctx, api, c)
	if err != nil {
		return nil, err
	}
	l := &logLines{body: body, in: bufio.NewReaderSize(body, sb.MaxLine), rewrite: sb.WriteOutError}
	skip := skipSourcesV2
	if api.major() == 2 {
		skip, l.rewrite = skipSourcesV1, nil
	}
	if err := skip(l.in); err != nil {
		body.Close()
		return nil, err
	}
	return l, nil
}

// stream is ask for a body of any size.
func (a *Adapter) stream(ctx context.Context, api api, c call) (io.ReadCloser, error) {
	var body io.ReadCloser
	reply, err := a.authorized(ctx, api, func(h http.Header) (outbound.Reply, error) {
		h.Set("Accept", api.logAccept())
		h.Set("Accept-Encoding", "identity")
		r, err := request(api, c, h)
		if err != nil {
			return outbound.Reply{}, err
		}
		count(ctx)
		got, reply, err := a.out.Stream(ctx, r)
		body = got
		return reply, err
	})
	if err == nil {
		err = a.verdict(api, c, reply)
	}
	switch {
	case sb.CodeOf(err) == sb.NotFound:
		return nil, noLog()
	case err != nil:
		return nil, err
	case body == nil:
		return nil, sb.Errorf(sb.Unavailable, "Airflow answers with status %d, and no log", reply.Status)
	case strings.HasPrefix(reply.Header.Get("Content-Type"), "text/html"):
		body.Close()
		return nil, sb.Errorf(sb.Unavailable, "the answer is a page, perhaps of a proxy before Airflow, and no log")
	}
	return body, nil
}

func noLog() error { return sb.Errorf(sb.NotFound, "Airflow has no log of this try") }

// skipSourcesV1 passes over the host and the lines with *** before the log. Where nothing follows them, they say why
// there is no log: Airflow 2 says so with status 200.
func skipSourcesV1(in *bufio.Reader) error {
	for first := true; ; first = false {
		line, err := in.Peek(3)
		switch {
		case errors.Is(err, io.EOF) && len(bytes.TrimSpace(line)) == 0:
			return noLog()
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case string(line) == "***" || len(line) > 0 && line[0] == '\n' || first && line[0] != '[':
		default:
			return nil
		}
		if err := skipLine(in); err != nil {
			return err
		}
	}
}

func skipLine(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		switch {
		case err == nil || errors.Is(err, io.EOF):
			return nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// Marks around the lines on where the log was found.
const (
	sourcesBegin = `"event":"::group::Log message source details`
	sourcesEnd   = `"event":"::endgroup::"`
	sourcesMost  = 100
)

func skipSourcesV2(in *bufio.Reader) error {
	head, err := in.Peek(200)
	if len(head) == 0 && errors.Is(err, io.EOF) {
		return noLog()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	first, _, _ := bytes.Cut(head, []byte{'\n'})
	if !bytes.Contains(compact(first), []byte(sourcesBegin)) {
		return nil
	}
	for range sourcesMost {
		line, err := in.ReadSlice('\n')
		if bytes.Contains(compact(line), []byte(sourcesEnd)) || errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
	return nil
}

// compact takes the blank behind a colon away, which writers of JSON set or not.
func compact(line []byte) []byte { return bytes.ReplaceAll(line, []byte(`": "`), []byte(`":"`)) }

// logLines gives a log line by line, some of them rewritten. A line that is too long for that is given as it is.
type logLines struct {
	body    io.Closer
	in      *bufio.Reader
	rewrite func(line []byte) []byte // nil: none
	ready   []byte
	err     error
}

func (l *logLines) Read(p []byte) (int, error) {
	if l.rewrite == nil {
		return l.in.Read(p)
	}
	for len(l.ready) == 0 && l.err == nil {
		var line []byte
		line, l.err = l.in.ReadSlice('\n')
		if errors.Is(l.err, bufio.ErrBufferFull) {
			l.ready, l.err = line, nil
			break
		}
		l.ready = l.rewrite(line)
	}
	n := copy(p, l.ready)
	l.ready = l.ready[n:]
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, l.err
}

func (l *logLines) Close() error { return l.body.Close() }
