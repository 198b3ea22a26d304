package logs

import sb "signalbox"

// Parse gives the entries of a text with their offsets, from one on, written in pieces of the given size.
func Parse(text []byte, from int64, piece int) (lines []sb.Line, starts []int64) {
	p := newParser(from, func(e entry) error {
		lines, starts = append(lines, e.line()), append(starts, e.start)
		return nil
	})
	for rest := text[from:]; len(rest) > 0; {
		n := min(piece, len(rest))
		_, _ = p.Write(rest[:n])
		rest = rest[n:]
	}
	_ = p.Close()
	return lines, starts
}

// ParseOnly reads a text for its index, as compaction does.
func ParseOnly(text []byte) int64 {
	x := newIndex()
	p := newParser(0, x.add)
	_, _ = p.Write(text)
	_ = p.Close()
	return x.entries
}

// IndexOf makes a text's index, through its bytes, and gives the offsets of its blocks.
func IndexOf(text []byte) (answer sb.LogIndex, offsets []int64, err error) {
	x := newIndex()
	p := newParser(0, x.add)
	_, _ = p.Write(text)
	_ = p.Close()
	x, err = decodeIndex(x.encode())
	if err != nil {
		return answer, nil, err
	}
	for _, b := range x.blocks {
		offsets = append(offsets, b.offset)
	}
	return x.answer(true), offsets, nil
}

// DecodeIndex reads bytes as an index.
func DecodeIndex(b []byte) error {
	_, err := decodeIndex(b)
	return err
}

// BlockEntries is how many entries a block of an index has.
const BlockEntries = blockEntries
