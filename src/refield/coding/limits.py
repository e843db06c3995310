"""What a compressed file may ask for: each size is held against these before memory is taken for it."""

MOST_BYTES = 2**26  # of a file
MOST_SAMPLES = 2**26  # of its signal
SAMPLES_PER_BYTE = 512  # of a file with a map, or of latents, which take longest to decode: 1/64 bit for each at least
EVALUATED_PER_BYTE = 2**12  # samples of any other file, which a field shows at once
MOST_WEIGHTS = 2**24
MOST_TENSORS = 4096
MOST_REGIONS = 64  # of a map, as `strict.Regions` has it
MOST_OF_TEXT = 2**12  # bytes of a description: hundreds of layers
LARGEST_NUMBER = 2**16  # of a description: no layer is wider, and no network deeper
LARGEST_SYMBOL = 4095  # of either sign: more than 13 bits for a weight are better spent on half precision
