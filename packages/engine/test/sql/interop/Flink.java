import java.io.BufferedReader;
import java.io.InputStreamReader;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;
import org.apache.flink.types.Row;

/**
 * Prints the versions, then runs statements, each ended by a line of `;`, and prints the first column of their rows. The first
 * argument is the mode.
 */
public class Flink {
  public static void main(String[] arguments) throws Exception {
    System.out.println("Flink " + EnvironmentInformation.getVersion() + ", Java " + System.getProperty("java.version"));
    EnvironmentSettings.Builder settings = EnvironmentSettings.newInstance();
    TableEnvironment tables =
        TableEnvironment.create("batch".equals(arguments[0]) ? settings.inBatchMode().build() : settings.inStreamingMode().build());
    tables.getConfig().set("table.local-time-zone", "UTC");
    tables.getConfig().set("parallelism.default", "1");
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    StringBuilder statement = new StringBuilder();
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (!line.equals(";")) {
        statement.append(line).append('\n');
        continue;
      }
      try {
        var result = tables.executeSql(statement.toString());
        if (!statement.toString().startsWith("CREATE") && !statement.toString().startsWith("DROP")) {
          try (var rows = result.collect()) {
            while (rows.hasNext()) {
              Row row = rows.next();
              System.out.println("row " + row.getKind().shortString() + row.getField(0));
            }
          }
        }
        System.out.println("done");
      } catch (Exception failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) cause = cause.getCause();
        System.out.println("failed " + cause.toString().replace('\n', ' '));
      }
      statement.setLength(0);
    }
  }
}
