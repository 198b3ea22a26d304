package signalbox

import (
	"cmp"
	"slices"
	"strings"
)

// forms finds any of many texts in one pass, however many they are. Almost every place of a text is passed by one look at its
// first three bytes.
type forms struct {
	heads [1 << 10]uint64     // a bit for each hash of a head
	texts map[uint32][]string // by their heads, the longest first
}

func newForms(all []string) *forms {
	f := &forms{texts: map[uint32][]string{}}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, text := range slices.Compact(all) {
		h := headOf(text[0], text[1], text[2]) // none is shorter than MinSecret
		f.heads[bit(h)>>6] |= 1 << (bit(h) & 63)
		f.texts[h] = append(f.texts[h], text)
	}
	return f
}

func headOf(a, b, c byte) uint32 { return uint32(a) | uint32(b)<<8 | uint32(c)<<16 }

func bit(head uint32) uint32 { return head * 2654435761 >> 16 }

// next finds the first place, from one on, where a text stands, and how long the longest one there is; 0 for none.
func (f *forms) next(text []byte, from int) (at, length int) {
	if f == nil || from+2 >= len(text) {
		return 0, 0
	}
	h := headOf(0, text[from], text[from+1])
	for i := from; i+2 < len(text); i++ {
		h = h>>8 | uint32(text[i+2])<<16 // as headOf
		if f.heads[bit(h)>>6]&(1<<(bit(h)&63)) == 0 {
			continue
		}
		for _, one := range f.texts[h] {
			if len(text)-i >= len(one) && string(text[i:i+len(one)]) == one {
				return i, len(one)
			}
		}
	}
	return 0, 0
}
