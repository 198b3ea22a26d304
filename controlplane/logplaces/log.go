package logplaces

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	sb "signalbox"
)

// Open opens the log at a place: all that rotation made of it as one, oldest first, unpacked, with lines that a container's
// runtime cut joined again, and exceptions that Airflow 3 keeps as data written out. Reading it again gives the same bytes as
// long as it does not change there. Errors: NotFound, Forbidden, Invalid (it is no plain file), TooLarge, Unavailable; of
// reading: TooLarge (what follows is cut), Invalid (it is damaged), Unavailable.
func (p *Places) Open(ctx context.Context, place sb.LogPlace) (sb.ForeignLog, error) {
	near, err := p.foreign.Near(ctx, place.Root, place.Key)
	if err != nil {
		return sb.ForeignLog{}, err
	}
	parts := inOrder(place.Key, near)
	if len(parts) == 0 {
		return sb.ForeignLog{}, sb.Errorf(sb.NotFound, "there is nothing at %s", place.URI())
	}
	var size int64
	for _, part := range parts {
		if size += part.Size; part.Size > p.opts.Most || size > p.opts.Most {
			return sb.ForeignLog{}, sb.Errorf(sb.TooLarge, "the log at %s is larger than %s", place.URI(), sizeOf(p.opts.Most))
		}
	}
	joined := &objects{ctx: ctx, foreign: p.foreign, place: place, parts: parts}
	if err := joined.next(); err != nil { // so that what cannot be read is known before anything is
		_ = joined.Close()
		return sb.ForeignLog{}, err
	}
	most := &bounded{in: joined, left: p.opts.Most, most: p.opts.Most}
	return sb.ForeignLog{Place: place, ReadCloser: struct {
		io.Reader
		io.Closer
	}{readable(most), joined}}, nil
}

// inOrder picks the objects that are one log, oldest first: x.log.2.gz, x.log.1, x.log; then those of Airflow's triggers.
func inOrder(key string, near []sb.Blob) []sb.Blob {
	type part struct {
		sb.Blob
		age  int
		late int
	}
	parts := map[[2]int]part{}
	for _, o := range near {
		rest, _ := strings.CutPrefix(o.Key, key)
		packed := strings.HasSuffix(rest, ".gz")
		rest = strings.TrimSuffix(rest, ".gz")
		age, late := 0, 0
		switch number, trigger := strings.CutPrefix(rest, ".trigger."); {
		case rest == "":
		case trigger:
			late = numberOf("." + strings.TrimSuffix(number, ".log"))
		default:
			age = numberOf(rest)
		}
		if rest != "" && age <= 0 && late <= 0 {
			continue
		}
		at := [2]int{age, late}
		if _, have := parts[at]; have && packed {
			continue // it is being packed: the other is whole
		}
		parts[at] = part{o, age, late}
	}
	var list []part
	for _, one := range parts {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b part) int {
		if a.age != b.age {
			return b.age - a.age
		}
		return a.late - b.late
	})
	out := make([]sb.Blob, len(list))
	for i, one := range list {
		out[i] = one.Blob
	}
	return out
}

// numberOf reads .7 as 7; 0 for anything else.
func numberOf(text string) int {
	digits, ok := strings.CutPrefix(text, ".")
	n, err := strconv.Atoi(digits)
	if !ok || err != nil || n <= 0 || n > 1_000_000_000 {
		return 0
	}
	return n
}

// objects reads objects one after the other, each as large as it was found, unpacked.
type objects struct {
	ctx     context.Context
	foreign sb.ForeignBlobs
	place   sb.LogPlace
	parts   []sb.Blob
	body    io.Closer
	in      io.Reader
}

// next opens the next object. EOF: there is none.
func (o *objects) next() error {
	if len(o.parts) == 0 {
		return io.EOF
	}
	part := o.parts[0]
	o.parts = o.parts[1:]
	if part.Size == 0 {
		o.in = strings.NewReader("") // stores know no empty range
		return nil
	}
	body, err := o.foreign.Get(o.ctx, o.place.Root, part.Key, 0, part.Size)
	if err != nil {
		return err
	}
	o.body = body
	o.in, err = unpacked(body)
	return err
}

var gzipMagic = []byte{0x1f, 0x8b}

// unpacked reads what is packed by its first bytes, whatever it is called.
func unpacked(body io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(body, 64<<10)
	if head, _ := in.Peek(len(gzipMagic)); !bytes.Equal(head, gzipMagic) {
		return in, nil
	}
	out, err := gzip.NewReader(in)
	if err != nil {
		return nil, damaged(err)
	}
	return out, nil
}

func damaged(err error) error {
	return sb.Wrap(err, sb.Invalid, "the log is packed with gzip, and damaged")
}

func (o *objects) Read(b []byte) (int, error) {
	for {
		n, err := o.in.Read(b)
		switch {
		case n > 0 || err == nil:
			return n, nil
		case errors.Is(err, io.EOF):
			if err := o.Close(); err != nil {
				return 0, sb.Wrap(err, sb.Unavailable, "the log broke off while it was read")
			}
			if err := o.next(); err != nil {
				return 0, err
			}
		case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), isCorrupt(err):
			return 0, damaged(err)
		default:
			return 0, sb.Wrap(err, sb.Unavailable, "the log broke off while it was read")
		}
	}
}

func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt)
}

// Close closes the object that is open.
func (o *objects) Close() error {
	if o.body == nil {
		return nil
	}
	err := o.body.Close()
	o.body = nil
	return err
}

// bounded reads so many bytes, and then says that what follows is cut.
type bounded struct {
	in   io.Reader
	left int64
	most int64
}

func (r *bounded) Read(b []byte) (int, error) {
	if r.left <= 0 {
		var one [1]byte
		n, err := r.in.Read(one[:])
		if n > 0 {
			return 0, sb.Errorf(sb.TooLarge, "it is larger than %s, and what follows is cut", sizeOf(r.most))
		}
		return 0, err
	}
	n, err := r.in.Read(b[:min(int64(len(b)), r.left)])
	r.left -= int64(n)
	return n, err
}

func sizeOf(n int64) string {
	if n >= 1<<30 && n%(1<<30) == 0 {
		return strconv.FormatInt(n>>30, 10) + " GiB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}
