// Package uuid has as much of github.com/twinj/uuid's API, as it was when the Session Manager plugin was written
// against it, as the plugin uses: the version that is published today has another one.
package uuid

import (
	"crypto/rand"
	"encoding/hex"
)

// UUID is 16 bytes and their text.
type UUID interface {
	Bytes() []byte
	String() string
}

// Format is a way to write a UUID; there is only the one that the plugin asks for.
type Format int

// CleanHyphen is lower case with hyphens.
const CleanHyphen Format = 0

// SwitchFormat does nothing: CleanHyphen is always used.
func SwitchFormat(Format) {}

type value [16]byte

// New takes the first 16 bytes as they are.
func New(data []byte) UUID {
	var bytes value
	copy(bytes[:], data)
	return bytes
}

// NewV4 is a random UUID.
func NewV4() UUID {
	var bytes value
	if _, err := rand.Read(bytes[:]); err != nil {
		panic(err)
	}
	bytes[6] = bytes[6]&0x0f | 0x40
	bytes[8] = bytes[8]&0x3f | 0x80
	return bytes
}

func (bytes value) Bytes() []byte { return bytes[:] }

func (bytes value) String() string {
	digits := hex.EncodeToString(bytes[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:]
}
