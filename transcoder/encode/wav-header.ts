/** Header of an endless WAV stream of 32 bit floats (RIFF WAVE, format 3; sizes at their maximum, to be ignored by the reader). */
export function wavHeader({ sampleRate, channels }: { sampleRate: number; channels: number }): Buffer {
	const header = Buffer.alloc(44);
	const blockBytes = channels * 4;
	header.write("RIFF", 0, "latin1");
	header.writeUInt32LE(0xffffffff, 4);
	header.write("WAVEfmt ", 8, "latin1");
	header.writeUInt32LE(16, 16);
	header.writeUInt16LE(3, 20); // IEEE float
	header.writeUInt16LE(channels, 22);
	header.writeUInt32LE(sampleRate, 24);
	header.writeUInt32LE(sampleRate * blockBytes, 28);
	header.writeUInt16LE(blockBytes, 32);
	header.writeUInt16LE(32, 34);
	header.write("data", 36, "latin1");
	header.writeUInt32LE(0xffffffff, 40);
	return header;
}
