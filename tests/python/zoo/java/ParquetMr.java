// How files are opened by parquet-mr.

import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.conf.HadoopParquetConfiguration;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.LocalInputFile;

final class ParquetMr {
    // One for all: to read Hadoop's defaults anew for every file takes longer than to read the file.
    static final Configuration HADOOP = new Configuration();

    private ParquetMr() {}

    /** Options with which a page whose checksum is wrong is an error. */
    static ParquetReadOptions.Builder options() {
        return ParquetReadOptions.builder(new HadoopParquetConfiguration(HADOOP))
                .usePageChecksumVerification(true)
                .withCodecFactory(new CodecFactory(HADOOP, 0));
    }

    static ParquetFileReader open(String path, ParquetReadOptions options) throws IOException {
        return ParquetFileReader.open(new LocalInputFile(Path.of(path)), options);
    }

    /** The same with a footer that was read before, of which the row groups are taken that the options' filter leaves. */
    static ParquetFileReader open(String path, ParquetMetadata footer, ParquetReadOptions options) throws IOException {
        LocalInputFile file = new LocalInputFile(Path.of(path));
        return new ParquetFileReader(file, footer, options, file.newStream());
    }
}
