package logs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	sb "signalbox"
)

// searchTime is how long one answer searches a finished log; the next goes on from there.
const searchTime = time.Second

// maxRequest is how many bytes of a log one request asks for at most while it is searched.
const maxRequest = 32 << 20

// search picks lines of a finished log from a block on. What cannot hold the word, by its bytes, is not parsed.
func (l *Logs) search(ctx context.Context, run sb.Run, lay layout, w *window) error {
	word := literalOf(w.search)
	begun := w.begun // else the time that is asked for is looked for in what is read
	in := l.ahead(ctx, run, lay, requests(w.spans()), func(text []byte) bool { return !begun || word.mayBeIn(text) })
	defer func() { _ = in.Close() }()
	for {
		p, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		w.number = w.index.block(p.from) * blockEntries
		if w.number > w.query.From && l.opts.Now().Sub(w.asked) > searchTime {
			w.out.Next = w.number
			return errEnough
		}
		if p.bytes == nil {
			continue
		}
		lines := newParser(p.from, w.entry)
		if _, err := lines.Write(p.bytes); err != nil {
			return err
		}
		if err := lines.Close(); err != nil {
			return err
		}
	}
}

// spans are what is to be read of the log, in whole blocks, from where the window is on.
func (w *window) spans() (list []span) {
	for i := w.number / blockEntries; i < int64(len(w.index.blocks)); i++ {
		if !w.wants(w.index.blocks[i]) {
			continue
		}
		s := span{w.index.blocks[i].offset, w.index.end(i)}
		if last := len(list) - 1; last >= 0 && list[last].to == s.from && s.to-list[last].from <= pieceBytes {
			list[last].to = s.to
		} else {
			list = append(list, s)
		}
	}
	return list
}

// requests are those for spans of a log: the first for one, and later ones for an eighth of what came before them, so that few
// requests read much, and little has been read in vain when the time is up.
func requests(spans []span) iter.Seq[request] {
	return func(yield func(request) bool) {
		for total := int64(0); len(spans) > 0; {
			n, size := 1, spans[0].to-spans[0].from
			for n < len(spans) && spans[n].from == spans[n-1].to && size+pieceBytes <= min(total/8, maxRequest) {
				size += spans[n].to - spans[n].from
				n++
			}
			if !yield(spans[:n]) {
				return
			}
			spans, total = spans[n:], total+size
		}
	}
}

// literal is a word that is written in a log as it is in a message, whatever the format: nothing in it is quoted, nor stands where
// parts of a line are joined. Empty is any other.
type literal struct {
	word []byte // in lower case
	rare int    // where its rarest letter is
}

// byRarity lists letters as English texts have them, the most frequent last.
const byRarity = "zqxjkvbywgpfmucdlhrsnioate"

func literalOf(word []byte) literal {
	l := literal{word: word}
	least := len(byRarity)
	for i, c := range word {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return literal{}
		}
		if at := strings.IndexByte(byRarity, c); at >= 0 && at < least {
			least, l.rare = at, i
		}
	}
	return l
}

// mayBeIn tells whether a message of a text may hold the word; false is certain.
func (l literal) mayBeIn(text []byte) bool {
	if len(l.word) == 0 || l.escaped(text) {
		return true
	}
	c := l.word[l.rare]
	return l.at(c, text) || 'a' <= c && c <= 'z' && l.at(c-'a'+'A', text)
}

// at tells whether the word is in a text with its rarest letter written so.
func (l literal) at(rarest byte, text []byte) bool {
	for from := 0; ; {
		i := bytes.IndexByte(text[from:], rarest)
		if i < 0 {
			return false
		}
		begin := from + i - l.rare
		if begin >= 0 && begin+len(l.word) <= len(text) && bytes.EqualFold(text[begin:begin+len(l.word)], l.word) {
			return true
		}
		from += i + 1
	}
}

// escaped tells whether a letter of the word may be written in another way: as a number, with colours within, or as one of the two
// that have an ASCII letter as their lower case.
func (l literal) escaped(text []byte) bool {
	if bytes.IndexByte(text, 0x1b) >= 0 || l.written('k', "\u212a", text) || l.written('i', "\u0130", text) {
		return true
	}
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return false
		}
		if bytes.IndexByte([]byte("uUx01234567"), text[i+1]) >= 0 {
			return true
		}
		text = text[i+1:]
	}
}

func (l literal) written(letter byte, other string, text []byte) bool {
	return bytes.IndexByte(l.word, letter) >= 0 && bytes.Contains(text, []byte(other))
}
